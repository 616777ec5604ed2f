"""What can go wrong with the lab itself."""


class LabError(Exception):
    """The lab can't do here what was asked. Its words say what is missing and what to do."""
