"""Services at a node: sessions kept open, uses counted by signed tickets, totals recorded."""

from hanse.collaboration.services.book import Book, Use
from hanse.collaboration.services.host import ServiceHost
from hanse.collaboration.services.models import ModelInfo, Models
from hanse.collaboration.services.tickets import Checked, check_tickets

__all__ = [
    "Book",
    "Checked",
    "ModelInfo",
    "Models",
    "ServiceHost",
    "Use",
    "check_tickets",
]
