"""Set up this project and run it, on any machine with Python 3.11 to 3.14 and pip.

    python run.py demo            play the demo guild and serve its admin page
    python run.py test            run every check and the tests of every commit
    python run.py test --all      run every check and every test, the long ones too; what follows "test" is for pytest
    python run.py docs            build the documents as a site, in build/site
    python run.py patt ARGS...    run the command line, for example: python run.py patt rules

The first call makes a virtual environment in `.venv` and installs the pinned, hash-checked requirements into it;
later calls install again only when a pin has changed.
"""

# Every Python can read this file, so that one that is too old says so; the rest is in run_project.py.
import sys

OLDEST, NEWEST = (3, 11), (3, 14)

if __name__ == "__main__":
    if not OLDEST <= tuple(sys.version_info[:2]) <= NEWEST:
        sys.stderr.write("PATT needs Python 3.11 to 3.14; this is " + sys.version.split()[0] + ".\n")
        sys.exit(2)
    import run_project

    sys.exit(run_project.main(sys.argv[1:], __doc__))
