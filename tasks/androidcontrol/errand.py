"""What is done on the phones of our own: each errand is a course with its goal.

An errand draws what it is about from the scene's dice, so that every episode differs in words,
in what is on the screens, and in where fingers land.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from .course import Course
from .drawing import agenda, browser, clock, home, mail, market, notebook, settings
from .drawing.mail import Letter
from .drawing.market import Ware
from .drawing.sheet import Sheet
from .screen import Episode

T = TypeVar("T")

PEOPLE = ("Anna Weber", "Ben Okafor", "Clara Silva", "David Kim", "Elif Kaya", "Farid Nasser",
          "Greta Lind", "Hugo Martin", "Iris Costa", "Jonas Berg", "Kenji Sato", "Lena Novak",
          "Maya Rao", "Nils Holm", "Olga Petrov", "Pia Conti")  # fmt: skip
SUBJECTS = ("Lunch on Friday", "Meeting notes", "Photos from the trip", "Invoice for October",
            "Your parcel", "Team dinner", "Piano lessons", "Draft of the report", "Weekend plans",
            "Library books", "Train tickets", "Garden party", "New address", "Recipe for soup",
            "Concert on Sunday", "Keys to the flat")  # fmt: skip
OPENINGS = ("Thank you for your message, I will", "Could you have a look at this before",
            "Here is what we talked about", "I hope that you are well. We are",
            "Just a short note to say that", "Please find attached what you")  # fmt: skip
BODY = ("I will be there at about six and bring the", "papers with me. Tell me if another day",
        "suits you better.", "", "All the best")  # fmt: skip
QUESTIONS = ("how to water an orchid", "weather in Lisbon", "museums open on Monday",
             "how long to boil an egg", "train from Bern to Milan", "history of the bicycle",
             "easy lentil soup", "names of the planets", "how to tie a bow tie",
             "best time to plant tulips")  # fmt: skip
FOUND = (("Almanac: all that you need to know", "Step by step, with pictures and a list"),
         ("Handbook for beginners", "Written by people who do it every day"),
         ("Weekly: ten questions answered", "Our readers asked, and here is what we"),
         ("Forum: what worked for me", "I tried three ways, and the second was"),
         ("Library of short guides", "A page for each, free to print"),
         ("Museum: a short history", "How it came to be, and who thought of it"),
         ("Market place for tools", "What one needs, from the simple to the fine"),
         ("School notes on the topic", "For lessons, with a quiz at the end"))  # fmt: skip
EVENTS = ("Dentist", "Call with Maya", "Swimming", "Book club", "Team lunch", "Yoga", "Haircut",
          "Choir", "Parents' evening", "Car service")  # fmt: skip
WARES = (Ware("Desk lamp", "$24.90", (214, 162, 34), "sun"),
         Ware("Alarm clock", "$18.00", (62, 98, 214), "clock"),
         Ware("Camera bag", "$42.50", (72, 78, 94), "camera"),
         Ware("Headphones", "$59.00", (226, 92, 132), "music"),
         Ware("Road atlas", "$16.40", (62, 152, 96), "pin"),
         Ware("Notebook set", "$9.80", (226, 140, 40), "note"),
         Ware("Night light", "$12.30", (92, 82, 168), "moon"),
         Ware("Picture frame", "$21.00", (148, 84, 196), "picture"),
         Ware("Door bell", "$33.70", (222, 88, 80), "bell"),
         Ware("Phone stand", "$14.20", (30, 140, 150), "phone"))  # fmt: skip
NOTES = (("Groceries", "Milk, bread, apples"), ("Packing list", "Socks, charger, book"),
         ("Gift ideas", "A plant for Clara"), ("Reading", "Two chapters a week"),
         ("Recipes", "Soup, and the bread"), ("Measurements", "Window 120 by 140"),
         ("Quotes", "Less, but better"), ("Films", "The one with the train"),
         ("Wi-Fi codes", "Behind the router"), ("Running", "5 km in 29 minutes"))  # fmt: skip
LINES = ("Buy stamps and envelopes", "Ask Jonas about the ladder", "Water the plants twice",
         "Bring the green folder", "Book the room for six", "Return the drill")  # fmt: skip


class Scene:
    """What an errand draws from.

    Args:
        dice: draws.
        number: of the episode.

    Attributes:
        clock: the time that the phone shows.
        day: the date in words.
        course: the episode in the making.
    """

    def __init__(self, dice: np.random.Generator, number: int) -> None:
        self.dice, self.number = dice, number
        self.clock = f"{dice.integers(1, 13)}:{dice.integers(60):02d}"
        self.day = f"{self.one(agenda.DAYS)}, {dice.integers(1, 29)} {self.one(agenda.MONTHS)[:3]}"
        self.wallpaper = int(dice.integers(len(home.SKIES)))
        self.course = Course(dice)

    def one(self, choices: Sequence[T]) -> T:
        """One of several."""
        return choices[int(self.dice.integers(len(choices)))]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """Several, none of them twice."""
        return [choices[place] for place in self.dice.permutation(len(choices))[:count]]

    def home(self) -> Sheet:
        """The home screen."""
        return home.home(self.clock, self.day, self.wallpaper)

    def enter(self, app: str) -> None:
        """Opens an app: mostly by its name, sometimes by its icon."""
        if self.dice.random() < 0.6:
            self.course.open(self.home(), app)
        else:
            self.course.tap(self.home(), f"app {app}", f"Tap the {app} icon")

    def letters(self, count: int = 14) -> list[Letter]:
        """Messages, no two of one sender."""
        senders, subjects = self.some(PEOPLE, count), self.some(SUBJECTS, count)
        hours = sorted((int(hour) for hour in self.dice.integers(0, 24 * 60, count)), reverse=True)
        return [
            Letter(sender, subject, self.one(OPENINGS), f"{minute // 60}:{minute % 60:02d}")
            for sender, subject, minute in zip(senders, subjects, hours, strict=True)
        ]


def send_mail(scene: Scene) -> Episode:
    """Writes a short message to somebody."""
    course, letters = scene.course, scene.letters()
    person, subject = scene.one(PEOPLE), scene.one(SUBJECTS)
    address = person.lower().replace(" ", ".") + "@post.example"
    page = scene.clock
    scene.enter("Mail")
    course.tap(mail.inbox(page, letters), "compose", "Tap the compose button")
    course.tap(mail.compose(page), "to", "Tap the To field")
    course.write(mail.compose(page, focus="to"), address, f"Type {address}")
    course.tap(mail.compose(page, address, focus="to"), "subject", "Tap the Subject field")
    course.write(mail.compose(page, address, focus="subject"), subject, f"Type {subject}")
    course.tap(mail.compose(page, address, subject, "subject"), "send", "Tap the send button")
    return course.end(mail.inbox(page, letters), scene.number,
                      f"Send a mail to {address} with the subject {subject}.")  # fmt: skip


def delete_mail(scene: Scene) -> Episode:
    """Finds a message and deletes it."""
    course, letters, page = scene.course, scene.letters(), scene.clock
    place = int(scene.dice.integers(3, len(letters)))
    lost = letters[place]
    first = 5 if place >= mail.VISIBLE else 0
    scene.enter("Mail")
    if first:
        course.scroll(mail.inbox(page, letters), "down", "Scroll down to find the message")
    course.press(mail.inbox(page, letters, first), f"letter {place}",
                 f"Long press the message from {lost.sender}")  # fmt: skip
    course.tap(mail.inbox(page, letters, first, place), "delete", "Tap the delete icon")
    rest = [one for one in letters if one is not lost]
    return course.end(mail.inbox(page, rest, first), scene.number,
                      f"Delete the message from {lost.sender} about {lost.subject}.")  # fmt: skip


def star_mail(scene: Scene) -> Episode:
    """Gives a message a star, and looks into it."""
    course, letters, page = scene.course, scene.letters(), scene.clock
    place = int(scene.dice.integers(0, mail.VISIBLE - 2))
    wanted = letters[place]
    scene.enter("Mail")
    course.tap(mail.inbox(page, letters), f"star {place}",
               f"Tap the star of the message from {wanted.sender}")  # fmt: skip
    starred = mail.inbox(page, letters, starred=frozenset((place,)))
    course.tap(starred, f"letter {place}", f"Open the message from {wanted.sender}")
    course.back(mail.letter(page, wanted, BODY), "Go back to the inbox")
    return course.end(starred, scene.number,
                      f"Star the message from {wanted.sender}, read it and come back.")  # fmt: skip


def flip_setting(scene: Scene) -> Episode:
    """Turns a switch of the settings."""
    course, page = scene.course, scene.clock
    row = scene.one(tuple(settings.SWITCHES))
    name = scene.one(settings.SWITCHES[row])
    on = {one for one in settings.SWITCHES[row] if scene.dice.random() < 0.5}
    wish = "off" if name in on else "on"
    below = list(settings.ROWS).index(row) >= settings.FIRST
    scene.enter("Settings")
    if below:
        course.scroll(settings.settings(page), "down", "Scroll down in the settings")
    course.tap(settings.settings(page, below), f"row {row}", f"Tap {row}")
    course.tap(settings.switches(page, row, frozenset(on)), f"switch {name}",
               f"Turn {wish} {name}")  # fmt: skip
    after = settings.switches(page, row, frozenset(on ^ {name}))
    course.leave(after)
    return course.end(scene.home(), scene.number,
                      f"Turn {wish} {name} in the settings and go back home.")  # fmt: skip


def read_about(scene: Scene) -> Episode:
    """Looks up the version of the phone, and copies it."""
    course, page = scene.course, scene.clock
    model, version = scene.one(("Pebble 4", "Lark 7a", "Heron 2")), scene.one(("12", "13", "14"))
    scene.enter("Settings")
    course.scroll(settings.settings(page), "down", "Scroll to the end of the settings")
    course.tap(settings.settings(page, scrolled=True), "row About phone", "Tap About phone")
    about = settings.about(page, model, version)
    course.press(about, "fact Android version", "Long press the Android version to copy it")
    course.back(about)
    return course.end(settings.settings(page, scrolled=True), scene.number,
                      "Copy the Android version of this phone from its settings.")  # fmt: skip


def look_up(scene: Scene) -> Episode:
    """Asks the browser something and opens what it finds."""
    course, page = scene.course, scene.clock
    question = scene.one(QUESTIONS)
    found = scene.some(FOUND, len(FOUND))
    place = int(scene.dice.integers(0, 7))
    scene.enter("Browser")
    course.tap(browser.start(page), "address", "Tap the search bar")
    course.write(browser.asking(page), question, f"Type {question}")
    hints = (question, f"{question} pictures", f"{question} near me", f"{question} book")
    course.tap(browser.asking(page, question, hints), "suggestion 0", "Tap the first suggestion")
    course.wait(home.page_loading(page, "Browser", browser.TONE))
    if place >= 5:
        course.scroll(browser.results(page, question, found), "down", "Scroll down the results")
    title = found[place][0]
    first = 3 if place >= 5 else 0
    course.tap(browser.results(page, question, found, first), f"result {place}", f"Open {title}")
    lines = (found[place][1], *BODY[:3])
    return course.end(browser.article(page, title, lines), scene.number,
                      f"Search the web for {question} and open the result {title}.")  # fmt: skip


def add_event(scene: Scene) -> Episode:
    """Writes something into the calendar."""
    course, page = scene.course, scene.clock
    name, title = scene.one(agenda.MONTHS), scene.one(EVENTS)
    offset, length = int(scene.dice.integers(0, 7)), 30
    today, day = (int(value) for value in scene.dice.permutation(np.arange(1, 29))[:2])
    others = [one for one in EVENTS if one != title]
    events = [
        (int(scene.dice.integers(1, 29)), f"{hour}:00", scene.one(others)) for hour in range(8, 14)
    ]
    said = f"{day} {name}"
    scene.enter("Calendar")
    if scene.dice.random() < 0.4:
        before = agenda.MONTHS[agenda.MONTHS.index(name) - 1]
        course.scroll(agenda.month(page, before, (offset + 2) % 7, 30, today, []), "right",
                      f"Swipe to {name}")  # fmt: skip
    course.tap(agenda.month(page, name, offset, length, today, events), f"day {day}", f"Tap {said}")
    course.tap(agenda.month(page, name, offset, length, day, events), "create",
               "Tap the button to create an event")  # fmt: skip
    course.tap(agenda.event(page, said), "title", "Tap the title field")
    course.write(agenda.event(page, said, focused=True), title, f"Type {title}")
    course.tap(agenda.event(page, said, title, focused=True), "save", "Tap Save")
    after = agenda.month(page, name, offset, length, day, [*events, (day, "10:00", title)])
    return course.end(after, scene.number, f"Add {title} to the calendar on {said}.")


def set_alarm(scene: Scene) -> Episode:
    """Turns an alarm on or off."""
    course, page = scene.course, scene.clock
    times = sorted(f"{hour:02d}:{minute:02d}" for hour, minute in zip(
        scene.dice.permutation(np.arange(5, 12))[:4], scene.dice.choice((0, 15, 30, 45), 4),
        strict=True))  # fmt: skip
    on = {time for time in times if scene.dice.random() < 0.5}
    time = scene.one(times)
    wish = "off" if time in on else "on"
    scene.enter("Clock")
    course.wait(home.loading(page, "Clock"), "Wait until the app has opened")
    course.tap(clock.alarms(page, times, frozenset(on)), f"switch {time}",
               f"Turn {wish} the alarm at {time}")  # fmt: skip
    course.leave(clock.alarms(page, times, frozenset(on ^ {time})))
    return course.end(scene.home(), scene.number, f"Turn {wish} the alarm at {time}, then go home.")


def run_timer(scene: Scene) -> Episode:
    """Starts a timer."""
    course, page = scene.course, scene.clock
    minutes = int(scene.dice.integers(1, 10))
    scene.enter("Clock")
    course.tap(
        clock.alarms(page, ("06:30", "08:00"), frozenset()), "tab Timer", "Tap the Timer tab"
    )
    course.tap(clock.timer(page), f"digit {minutes}", f"Tap {minutes}")
    course.tap(clock.timer(page, f"{minutes}"), "digit 00", "Tap 00")
    course.tap(clock.timer(page, f"{minutes}00"), "start", "Tap the start button")
    plural = "minute" if minutes == 1 else "minutes"
    return course.end(clock.timer(page, f"{minutes}00", running=True), scene.number,
                      f"Start a timer of {minutes} {plural}.")  # fmt: skip


def write_note(scene: Scene) -> Episode:
    """Writes a note."""
    course, page = scene.course, scene.clock
    written = scene.some(NOTES, 7)
    title, line = scene.one(EVENTS), scene.one(LINES)
    scene.enter("Notebook")
    course.tap(notebook.notes(page, written), "new", "Tap the button for a new note")
    course.tap(notebook.note(page), "title", "Tap the title")
    course.write(notebook.note(page, focus="title"), title, f"Type {title}")
    course.tap(notebook.note(page, title, focus="title"), "text", "Tap the text of the note")
    course.write(notebook.note(page, title, focus="text"), line, f"Type {line}")
    course.back(notebook.note(page, title, line, "text"), "Go back, which saves the note")
    return course.end(notebook.notes(page, [(title, line), *written]), scene.number,
                      f"Write a note called {title} that says: {line}.")  # fmt: skip


def delete_note(scene: Scene) -> Episode:
    """Deletes a note, which may be out of sight."""
    course, page = scene.course, scene.clock
    written = scene.some(NOTES, 10)
    place = int(scene.dice.integers(0, 10))
    title, first = written[place][0], 2 if place >= 8 else 0
    scene.enter("Notebook")
    if first:
        course.scroll(notebook.notes(page, written), "down", "Scroll down in the notes")
    course.press(notebook.notes(page, written, first), f"note {title}", f"Long press {title}")
    course.tap(notebook.notes(page, written, first, place), "delete", "Tap the delete icon")
    rest = [one for one in written if one[0] != title]
    return course.end(notebook.notes(page, rest, 0), scene.number, f"Delete the note {title}.")


def buy(scene: Scene) -> Episode:
    """Puts something into the cart, which may be further to the right."""
    course, page = scene.course, scene.clock
    wares = scene.some(WARES, 10)
    place = int(scene.dice.integers(0, 6))
    wanted, shifted = wares[place], place >= 3
    scene.enter("Market")
    course.wait(home.page_loading(page, "Market", market.TONE))
    if shifted:
        course.scroll(market.shelves(page, wares), "right", "Scroll the offers to the right")
    course.tap(market.shelves(page, wares, shifted), f"ware {wanted.name}", f"Tap {wanted.name}")
    course.tap(market.ware(page, wanted), "add", "Tap Add to cart")
    course.tap(market.ware(page, wanted, in_cart=True), "cart", "Tap the cart")
    goal = f"Put the {wanted.name} from the offers into the cart and show it."
    return course.end(market.cart(page, [wanted]), scene.number, goal)


def empty_cart(scene: Scene) -> Episode:
    """Takes something out of the cart."""
    course, page = scene.course, scene.clock
    wares = scene.some(WARES, 10)
    held = wares[6:9]
    place = int(scene.dice.integers(0, len(held)))
    scene.enter("Market")
    course.wait(home.loading(page, "Market"), "Wait until the app has opened")
    course.tap(market.shelves(page, wares), "cart", "Tap the cart")
    name = held[place].name
    course.tap(market.cart(page, held), f"remove {place}", f"Tap the bin beside {name}")
    rest = [one for one in held if one.name != name]
    course.back(market.cart(page, rest))
    return course.end(market.shelves(page, wares), scene.number,
                      f"Take the {name} out of the cart and go back to the shop.")  # fmt: skip
