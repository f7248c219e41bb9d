"""`course`: the one command line of the course. Each command calls one function of the package and prints its answer."""

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Set up, run and check the course.")


def main() -> None:
    """Entry point of the `course` command."""
    app()
