"""What runs inside the sandbox: the standard library, and the few modules `bundle` ships.

Every budget here is a count (line events, candidates), never a time, so that the same job
gives the same reply on any machine under any load. The program under study lives in the
same process and could forge this reply; it can only spoil its own answer, which is verified
elsewhere.
"""
