//! Draws the state; the screen depends on nothing else.

mod content;
mod dialog;
#[cfg(test)]
mod tests;
mod theme;
mod tree;

use super::state::{Dialog, Focus, Prompt, Side, State, User};
use crate::output::escape::{for_terminal, key_for_terminal};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph, Wrap};
pub use theme::Theme;

/// The areas of the two panes and of the status lines.
#[derive(Clone, Copy, Debug)]
pub struct Areas {
    left: Rect,
    right: Rect,
    below: Rect,
}

impl Areas {
    /// The pane with the focus gets more room.
    pub fn of(screen: Rect, focus: Focus) -> Areas {
        let [main, below] = Layout::vertical([Constraint::Min(1), Constraint::Length(2)]).areas(screen);
        let share = if focus == Focus::Keys { 45 } else { 30 };
        let left = u16::try_from(u32::from(screen.width) * share / 100).unwrap_or(screen.width);
        let left = left.clamp(20.min(screen.width), 72);
        let [left, right] = Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).areas(main);
        Areas { left, right, below }
    }

    /// Lines of a pane between its borders, without the heading.
    pub fn height(&self) -> usize {
        self.left.height.saturating_sub(3).into()
    }

    /// The pane and the line, counted from the one below the heading, at a position on the screen.
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
    let areas = Areas::of(frame.area(), state.focus);
    tree::draw(frame, state, theme, areas.left);
    content::draw(frame, state, theme, areas.right);
    status(frame, state, theme, areas.below);
    if let Some(dialog) = &state.dialog {
        // The list of keys needs the whole screen.
        let below = if matches!(dialog, Dialog::Help { .. }) { 0 } else { 2 };
        let [over, _] = Layout::vertical([Constraint::Min(1), Constraint::Length(below)]).areas(frame.area());
        dialog::draw(frame, dialog, state, theme, over);
    }
}

/// A border whose weight shows whether the pane has the focus.
fn block(title: impl Into<Line<'static>>, is_chosen: bool, theme: &Theme) -> Block<'static> {
    let (kind, style) = if is_chosen { (BorderType::Thick, theme.strong) } else { (BorderType::Plain, theme.faint) };
    Block::bordered().border_type(kind).title(title.into().style(theme.plain)).border_style(style)
}

/// The text, cut or padded to exactly `width` columns.
fn fit(text: &str, width: usize) -> String {
    let cut = crate::output::to_width(text, width.max(1));
    let missing = width.saturating_sub(Span::raw(cut.as_ref()).width());
    format!("{cut}{}", " ".repeat(missing))
}

/// The status lines: the cache, and a message.
fn status(frame: &mut Frame<'_>, state: &State, theme: &Theme, area: Rect) {
    let commit = state.commit.map_or_else(String::new, |commit| format!("  commit #{commit}"));
    let user = match &state.user {
        User::Process(user) => format!("  in use by {}", key_for_terminal(user)),
        User::Nobody => "  not in use".to_owned(),
        User::Unknown => String::new(),
    };
    let mut rest = format!("{commit}{user}");
    if state.is_paused {
        rest.push_str("  PAUSED");
    }
    let room = usize::from(area.width).saturating_sub(Span::raw(rest.as_str()).width());
    let path = key_for_terminal(&state.path);
    let path = crate::output::in_the_middle(&path, room.max(12)).into_owned();
    let first = Line::from(vec![Span::raw(path), Span::styled(rest, theme.faint)]);
    let [above, below] = Layout::vertical([Constraint::Length(1), Constraint::Length(1)]).areas(area);
    frame.render_widget(first, above);
    second(frame, state, theme, below);
}

/// The prompt, or a message, which may take several lines.
fn second(frame: &mut Frame<'_>, state: &State, theme: &Theme, area: Rect) {
    if let Some(prompt) = &state.prompt {
        return frame.render_widget(typed(prompt, theme, area.width), area);
    }
    let (text, style) = match (&state.doing, &state.message, &state.trouble) {
        (Some(doing), ..) => (format!("{doing} …"), theme.faint),
        (None, Some(message), _) if message.is_error => (for_terminal(&message.text).into_owned(), theme.bad),
        (None, Some(message), _) => (for_terminal(&message.text).into_owned(), theme.plain),
        (None, None, Some(trouble)) => (for_terminal(trouble).into_owned(), theme.bad),
        (None, None, None) => (hints(state).to_owned(), theme.faint),
    };
    let is_hint = state.doing.is_none() && state.message.is_none() && state.trouble.is_none();
    let width = usize::from(area.width).max(1);
    // Lines break between words, so one more may be needed.
    let lines = Span::raw(text.as_str()).width().div_ceil(width);
    let lines = if lines < 2 || is_hint { 1 } else { lines + 1 };
    let screen = frame.area();
    let height = u16::try_from(lines).unwrap_or(screen.height).min(screen.height);
    let over = Rect { y: area.bottom().saturating_sub(height), height, ..area };
    frame.render_widget(Clear, over);
    frame.render_widget(Paragraph::new(Line::styled(text, style)).wrap(Wrap { trim: true }), over);
}

/// The prompt, with the end of its text visible.
fn typed<'s>(prompt: &Prompt, theme: &Theme, width: u16) -> Line<'s> {
    let label = prompt.label();
    let room = usize::from(width).saturating_sub(Span::raw(label.as_str()).width() + 1);
    let text = for_terminal(&prompt.text).into_owned();
    let skipped = text.char_indices().map(|(at, _)| at).find(|at| Span::raw(&text[*at..]).width() <= room);
    let text = text[skipped.unwrap_or(text.len())..].to_owned();
    Line::from(vec![Span::styled(label, theme.strong), Span::raw(text), Span::styled("▏", theme.strong)])
}

/// The most useful keys in the current pane.
fn hints(state: &State) -> &'static str {
    match state.focus {
        Focus::Keys if state.content.is_some() => {
            "? keys  enter rows  / filter  f find  d diff  e edit  x invalidate  q quit"
        }
        Focus::Keys => "? keys  enter open  / filter  f find  s sort  t touch  x invalidate  q quit",
        Focus::Rows => "? keys  enter row as JSON  : filter rows  h l columns  y copy  esc back  q quit",
        Focus::Row => "? keys  j k scroll  y copy  esc back  q quit",
    }
}
