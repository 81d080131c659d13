"""Who does something at the station."""

from dataclasses import dataclass

OPERATOR = "operator"
ENGINEER = "engineer"
ROLES = (OPERATOR, ENGINEER)


@dataclass(frozen=True)
class Account:
    """A person or a program, and what it may do.

    Attributes:
        name: the user's or the token's name.
        role: `"operator"` looks, starts, stops, acknowledges, reviews and
            reports; `"engineer"` also changes devices, rules and accounts.
    """

    name: str
    role: str

    def may(self, role):
        """Tell whether this account may do what asks for `role`.

        Example:
            >>> Account("ada", "engineer").may("operator")
            True
            >>> Account("bob", "operator").may("engineer")
            False
        """
        return ROLES.index(self.role) >= ROLES.index(role)


LOCAL = Account("local", ENGINEER)
"""Whoever sits at this machine while the station asks for no password."""
