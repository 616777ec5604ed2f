"""How much memory this process may take, on Windows."""


def limit_memory(num_bytes: int) -> None:
    """Nothing to do: a process there can't limit itself but by a job that it is put into."""
