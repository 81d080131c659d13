"""The pages for people, on NiceGUI; nothing is loaded from the internet."""

from rkd_keras.station.pages.routes import add_pages

__all__ = ["add_pages"]
