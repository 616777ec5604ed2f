"""Links between two hosts. `python -m lab.link` runs a command on one of them."""

from .shaped import ETHERNET_HEADER_BYTES, ShapedLink, shape, shaped_link

__all__ = ["ETHERNET_HEADER_BYTES", "ShapedLink", "shape", "shaped_link"]

if __name__ == "__main__":
    from .command import cli

    cli(prog_name="python -m lab.link")
