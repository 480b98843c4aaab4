"""What each page asks for, in a sentence; an episode's own words are its page's."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_SENTENCES = """
ascending-numbers: Click the numbers from the smallest to the largest.
bisect-angle: Draw the line that halves the angle.
book-flight: Book the cheapest or the shortest flight on a date.
book-flight-nodelay: Book the cheapest or the shortest flight on a date, in a form without delays.
buy-ticket: Buy the ticket that is cheapest, dearest, shortest or longest.
choose-date: Pick a date of 2016 in a calendar.
choose-date-easy: Pick a date of December 2016 in a calendar.
choose-date-medium: Pick a date of November or December 2016 in a calendar.
choose-date-nodelay: Pick a date of 2016 in a calendar without animation.
choose-list: Choose an item of a drop-down list.
circle-center: Click the centre of a circle.
click-button: Click the button with a name.
click-button-sequence: Click two buttons in the order that is asked for.
click-checkboxes: Tick the boxes that are named.
click-checkboxes-large: Tick the five to twelve boxes that are named.
click-checkboxes-soft: Tick the boxes whose words mean much the same as those that are named.
click-checkboxes-transfer: Tick the boxes that are named, fewer of them in training than in tests.
click-collapsible: Unfold a section and submit.
click-collapsible-2: Find a link in sections that unfold.
click-collapsible-2-nodelay: Find a link in sections that unfold at once.
click-collapsible-nodelay: Unfold a section that opens at once, and submit.
click-color: Click the box of a colour.
click-dialog: Close a dialog.
click-dialog-2: Click the button of a dialog that is asked for.
click-link: Click a link in a text.
click-menu: Choose an item of a menu with branches.
click-menu-2: Open a menu and find an item in its branches.
click-option: Choose one of several options and submit.
click-pie: Open a pie menu and click one of its slices.
click-pie-nodelay: Open a pie menu without animation and click one of its slices.
click-scroll-list: Choose items of a list that scrolls.
click-shades: Choose all shades of a colour.
click-shape: Click the shape or sign with the size and colour that are asked for.
click-tab: Click a tab.
click-tab-2: Find a link behind one of three tabs.
click-tab-2-easy: Find a link behind a single tab.
click-tab-2-hard: Find a link behind one of two to six tabs.
click-tab-2-medium: Click a link or, where it is missing, the other tab.
click-test: Click the only button.
click-test-2: Click one of two buttons.
click-test-transfer: Click one of two buttons, the other one in tests than in training.
click-widget: Click a widget of a kind, such as a button or a field.
copy-paste: Copy a text into a field.
copy-paste-2: Copy one of several texts into a field.
count-shape: Count the shapes or signs of a size, a colour or a kind.
count-sides: Count the sides of a shape.
daily-calendar: Enter an event of some length into a free part of a day.
drag-box: Drag a small box into a large one.
drag-circle: Drag a circle in a direction.
drag-cube: Turn a cube until one of its faces is in front.
drag-items: Drag an item of a list to another place in it.
drag-items-grid: Drag an item of a grid to another place in it.
drag-shapes: Drag all shapes of a kind into a box.
drag-shapes-2: Sort shapes of two kinds into two boxes.
drag-single-shape: Drag a shape in a direction.
drag-sort-numbers: Drag numbers into order.
draw-circle: Draw a circle around a point.
draw-line: Draw a line through a point, level or upright.
email-inbox: Find somebody's message and answer, forward, delete or mark it.
email-inbox-delete: Find somebody's message and delete it.
email-inbox-forward: Find somebody's message and forward it.
email-inbox-forward-nl: Forward a message, asked for in thirty ways.
email-inbox-forward-nl-turk: Forward a message, asked for in a hundred ways that people wrote.
email-inbox-important: Find somebody's message and mark it as important.
email-inbox-nl-turk: Answer, forward, delete or mark a message, as people asked for it.
email-inbox-noscroll: Answer, forward, delete or mark a message in an inbox that is all in sight.
email-inbox-reply: Find somebody's message and answer it.
email-inbox-star-reply: Find somebody's message, and answer it or mark it as important.
enter-date: Enter a date.
enter-password: Enter a password twice.
enter-text: Enter a word into a field.
enter-text-2: Enter a word in capital or in small letters.
enter-text-dynamic: Enter a made-up word into a field.
enter-time: Enter a time.
find-greatest: Turn over cards and pick the one with the greatest number.
find-midpoint: Click the middle between two points.
find-word: Enter the word of a text that has some place in it.
flight.AA: Search for a flight on a copy of American Airlines' site.
flight.Alaska: Search for a flight on a copy of Alaska Airlines' site.
flight.Alaska-auto: Search for a flight on a copy of Alaska Airlines' site, with generated wishes.
focus-text: Put the caret into a field.
focus-text-2: Put the caret into one of three fields.
form-sequence: Set a slider, tick a box and submit.
form-sequence-2: Choose an option and enter a number.
form-sequence-3: Choose an item of a list and click a button.
generate-number: Draw numbers until one is as asked for.
grid-coordinate: Click a place of a grid by its coordinates.
guess-number: Guess a digit from hints of higher and lower.
highlight-text: Select a text.
highlight-text-2: Select one of several paragraphs.
hot-cold: Find a hidden place by hints of hot and cold.
identify-shape: Name the figure that is shown.
login-user: Log in with a name and a password.
login-user-popup: Log in with a name and a password, and mind a dialog that may come up.
multi-layouts: Search for films in forms of many layouts.
multi-orderings: Search for films in forms whose fields change places.
navigate-tree: Find a file or folder in a tree.
number-checkboxes: Draw a digit by ticking boxes.
odd-or-even: Say of each number whether it is odd or even.
order-food: Order dishes from a menu, by name or by kind.
phone-book: Find somebody in a phone book and click a detail.
read-table: Enter a value of a table.
read-table-2: Enter two values of a table.
resize-textarea: Make a text area larger or smaller in one direction.
right-angle: Add the point that makes a right angle.
scroll-text: Scroll through a text and enter its last word.
scroll-text-2: Scroll a text to its beginning or its end.
search-engine: Search for a word and click a result by its number.
sign-agreement: Read an agreement, and sign it or not.
simple-algebra: Solve an equation for x.
simple-arithmetic: Work out a sum, a difference or a product.
social-media: Click a button of somebody's post.
social-media-all: Click a button of all posts of somebody.
social-media-some: Click a button of some posts of somebody.
stock-market: Buy a share once its price is low enough.
terminal: Delete a file of a kind with a terminal.
text-editor: Give a text, or a part of it, a style.
text-transform: Enter a word that is shown distorted.
tic-tac-toe: Win at noughts and crosses.
unicode-test: Click the button whose name has letters beyond ASCII.
use-autocomplete: Enter a word by its beginning and its end, with suggestions to help.
use-autocomplete-nodelay: Enter a word by its beginning and its end, with suggestions at once.
use-colorwheel: Choose a named colour.
use-colorwheel-2: Choose a colour that is shown.
use-slider: Set a slider to a number.
use-slider-2: Set three sliders to numbers.
use-spinner: Set a number with arrows.
visual-addition: Count the blocks of two piles.
"""

SENTENCES: Mapping[str, str] = MappingProxyType(
    dict(line.split(": ", 1) for line in _SENTENCES.strip().splitlines())
)
"""A sentence to every task of the package, by its name."""
