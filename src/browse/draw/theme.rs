//! Styles, with colour or without. What a colour says is also said by a character or by weight.

use ratatui::style::{Color, Modifier, Style};
use vlive::snapshot::Event;

#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub plain: Style,
    pub faint: Style,
    pub strong: Style,
    pub chosen: Style,
    pub bad: Style,
    pub name: Style,
    pub text: Style,
    pub number: Style,
    pub word: Style,
    has_colours: bool,
}

impl Theme {
    pub fn new(has_colours: bool) -> Theme {
        let plain = Style::reset();
        let coloured = |color| if has_colours { plain.fg(color) } else { plain };
        Theme {
            plain,
            faint: plain.add_modifier(Modifier::DIM),
            strong: plain.add_modifier(Modifier::BOLD),
            chosen: Style::new().add_modifier(Modifier::REVERSED),
            bad: coloured(Color::Red).add_modifier(Modifier::BOLD),
            name: coloured(Color::Blue),
            text: coloured(Color::Green),
            number: coloured(Color::Cyan),
            word: coloured(Color::Magenta),
            has_colours,
        }
    }

    /// An entry that has just changed.
    pub fn marked(&self, event: Option<Event>) -> Style {
        let color = match event {
            None => return Style::new(),
            Some(Event::Added | Event::Found) => Color::Green,
            Some(Event::Touched) => Color::Cyan,
            Some(Event::Removed | Event::Lost) => Color::Red,
            Some(_) => Color::Yellow,
        };
        let bold = Style::new().add_modifier(Modifier::BOLD);
        if self.has_colours { bold.fg(color) } else { bold }
    }

    /// A line of a difference.
    pub fn differing(&self, mark: Option<char>) -> Style {
        if !self.has_colours {
            return self.plain;
        }
        match mark {
            Some('+') => self.plain.fg(Color::Green),
            Some('-') => self.plain.fg(Color::Red),
            Some(_) => self.plain.fg(Color::Yellow),
            None => self.plain,
        }
    }
}

/// The character that marks an entry that has just changed.
pub fn mark_of(event: Option<Event>) -> char {
    match event {
        Some(Event::Added | Event::Found) => '+',
        Some(Event::Touched) => '@',
        Some(Event::Removed | Event::Lost) => '-',
        Some(_) => '~',
        None => ' ',
    }
}
