"""Views of a judged run. Each is a pure function of a `Report`: made twice, it is the same to the byte."""
