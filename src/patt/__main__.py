"""`python -m patt` is the command `patt`. Every Python can read this file, so that one that is too old is told so."""

import gc

from patt.supported import refuse_other_pythons


def main():  # noqa: ANN201 -- every Python reads a type in a comment
    # type: () -> None
    refuse_other_pythons()
    # What is imported stays: looking for garbage in it takes an eighth of a command's start. `load` ends this.
    gc.disable()
    from patt.cli.main import main as patt  # noqa: PLC0415 -- a Python that is too old cannot read it

    patt()


if __name__ == "__main__":
    main()
