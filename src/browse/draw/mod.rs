//! The screen as a function of the state.

mod content;
mod dialog;
#[cfg(test)]
mod tests;
mod theme;
mod tree;

use super::state::{Focus, Side, State};
use crate::output::escape::{for_terminal, key_for_terminal};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph};
pub use theme::Theme;

/// Where the sides are on a screen, and the lines below them.
#[derive(Clone, Copy, Debug)]
pub struct Areas {
    left: Rect,
    right: Rect,
    below: Rect,
}

impl Areas {
    pub fn of(screen: Rect) -> Areas {
        let [main, below] = Layout::vertical([Constraint::Min(1), Constraint::Length(2)]).areas(screen);
        let left = (screen.width * 9 / 20).clamp(20.min(screen.width), 72);
        let [left, right] = Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).areas(main);
        Areas { left, right, below }
    }

    /// Lines that each side has between its borders and below its heading.
    pub fn height(&self) -> usize {
        self.left.height.saturating_sub(3).into()
    }

    /// The side and the line below its heading that a place on the screen is in.
    pub fn line_at(&self, column: u16, row: u16) -> Option<(Side, usize)> {
        let inside = |area: Rect| {
            let first = area.y + 2;
            let is_inside = area.contains(Position { x: column, y: row }) && row >= first && row + 1 < area.bottom();
            is_inside.then(|| usize::from(row - first))
        };
        let left = inside(self.left).map(|line| (Side::Left, line));
        left.or_else(|| inside(self.right).map(|line| (Side::Right, line)))
    }
}

pub fn draw(frame: &mut Frame<'_>, state: &State, theme: &Theme) {
    let areas = Areas::of(frame.area());
    tree::draw(frame, state, theme, areas.left);
    content::draw(frame, state, theme, areas.right);
    status(frame, state, theme, areas.below);
    if let Some(dialog) = &state.dialog {
        let [over, _] = Layout::vertical([Constraint::Min(1), Constraint::Length(2)]).areas(frame.area());
        dialog::draw(frame, dialog, state, theme, over);
    }
}

/// A border whose weight says whether keys go there.
fn block(title: impl Into<Line<'static>>, is_chosen: bool, theme: &Theme) -> Block<'static> {
    let (kind, style) = if is_chosen { (BorderType::Thick, theme.strong) } else { (BorderType::Plain, theme.faint) };
    Block::bordered().border_type(kind).title(title.into().style(theme.plain)).border_style(style)
}

/// A text of exactly so many columns.
fn fit(text: &str, width: usize) -> String {
    let cut = crate::output::to_width(text, width.max(1));
    let missing = width.saturating_sub(Span::raw(cut.as_ref()).width());
    format!("{cut}{}", " ".repeat(missing))
}

/// Two lines: what is looked at, and what is to be said.
fn status(frame: &mut Frame<'_>, state: &State, theme: &Theme, area: Rect) {
    let commit = state.commit.map_or_else(String::new, |commit| format!("  commit #{commit}"));
    let user = match &state.user {
        Some(user) => format!("  in use by {}", key_for_terminal(user)),
        None => "  not in use".to_owned(),
    };
    let mut rest = format!("{commit}{user}");
    if state.is_paused {
        rest.push_str("  PAUSED");
    }
    let room = usize::from(area.width).saturating_sub(Span::raw(rest.as_str()).width());
    let path = key_for_terminal(&state.path);
    let path = crate::output::in_the_middle(&path, room.max(12)).into_owned();
    let first = Line::from(vec![Span::raw(path), Span::styled(rest, theme.faint)]);
    frame.render_widget(Paragraph::new(vec![first, second(state, theme, area.width)]), area);
}

fn second<'s>(state: &'s State, theme: &Theme, width: u16) -> Line<'s> {
    if let Some(prompt) = &state.prompt {
        let label = prompt.label();
        // The end is what is being typed.
        let room = usize::from(width).saturating_sub(Span::raw(label.as_str()).width() + 1);
        let text = for_terminal(&prompt.text).into_owned();
        let skipped = text.char_indices().map(|(at, _)| at).find(|at| Span::raw(&text[*at..]).width() <= room);
        let text = text[skipped.unwrap_or(text.len())..].to_owned();
        return Line::from(vec![Span::styled(label, theme.strong), Span::raw(text), Span::styled("▏", theme.strong)]);
    }
    let said = |text: &str, style| Line::styled(for_terminal(text).into_owned(), style);
    match (&state.doing, &state.message, &state.trouble) {
        (Some(doing), ..) => Line::styled(format!("{doing} …"), theme.faint),
        (None, Some(message), _) if message.is_error => said(&message.text, theme.bad),
        (None, Some(message), _) => said(&message.text, theme.plain),
        (None, None, Some(trouble)) => said(trouble, theme.bad),
        (None, None, None) => Line::styled(hints(state), theme.faint),
    }
}

/// The keys that are most useful where one is.
fn hints(state: &State) -> &'static str {
    match state.focus {
        Focus::Keys if state.content.is_some() => {
            "? keys  enter rows  / filter  f find  d diff  e edit  t touch  x invalidate  q quit"
        }
        Focus::Keys => "? keys  enter open  / filter  f find  s sort  t touch  x invalidate  q quit",
        Focus::Rows => "? keys  enter row as JSON  : filter rows  h l columns  y copy  esc back  q quit",
        Focus::Row => "? keys  j k scroll  y copy  esc back  q quit",
    }
}
