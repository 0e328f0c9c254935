"""Lists of people in the shapes that programs give them, each with the people that must come out. All are made up."""

from tests.environments.people.shapes.directories import CONTACTS, DIRECTORIES
from tests.environments.people.shapes.encoded import ENCODINGS
from tests.environments.people.shapes.exported import NAMES, SPREADSHEETS
from tests.environments.people.shapes.pasted import PASTED
from tests.environments.people.shapes.workbooks import WORKBOOKS

SHAPES = [*PASTED, *ENCODINGS, *SPREADSHEETS, *NAMES, *CONTACTS, *DIRECTORIES, *WORKBOOKS]
