"""Write the parts of the docs that come from the code."""

from tests.docs.reference import FOLDER, GENERATED, page

for name in GENERATED:
    (FOLDER / name).write_text(page(name))
