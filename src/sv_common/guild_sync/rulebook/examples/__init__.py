"""The examples of each rule, which its page, the handbook and the tests show."""
