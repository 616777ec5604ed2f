"""Running a program as a service of the operating system, and telling the system how it is.

Here, because agent and collector both do it and neither may know the other. Not imported by the
rest of the package.
"""
