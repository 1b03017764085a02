//! Dialogs over the two panes.

use super::{Theme, fit};
use crate::browse::state::{Change, Dialog, Narrowed, Place, Plan, State, User, bindings};
use crate::output::escape::{for_terminal, key_for_terminal};
use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

pub fn draw(frame: &mut Frame<'_>, dialog: &Dialog, state: &State, theme: &Theme, area: Rect) {
    let (title, hint, lines) = match dialog {
        Dialog::Help { top } => ("keys".to_owned(), "esc closes", help(*top, theme)),
        Dialog::Text { text, top } => (text.title.clone(), "esc closes", lines_of(&text.lines, *top, theme)),
        Dialog::Places { title, places, cursor, top } => {
            (title.clone(), "enter goes there  esc closes", found(places, *cursor, *top, theme, area))
        }
        Dialog::Plan { change, plan, top } => {
            let hint = match change {
                Change::Edit(_) => "y edit  b edit, with a backup first  esc cancel",
                Change::Invalidate(_, Narrowed::Stay) if plan.leaves_narrowed => {
                    "y apply  b apply, with a backup first  c narrowed copies too  esc cancel"
                }
                Change::Invalidate(_, Narrowed::Go) => {
                    "y apply  b apply, with a backup first  c without narrowed copies  esc cancel"
                }
                _ => "y apply  b apply, with a backup first  esc cancel",
            };
            (plan.command.clone(), hint, planned(plan, *top, state, theme, area))
        }
    };
    let height = u16::try_from(lines.len() + 2).unwrap_or(area.height).min(area.height);
    let longest = lines.iter().map(Line::width).max().unwrap_or(0);
    let title = format!(" {} ", for_terminal(&title));
    let longest = longest.max(Span::raw(title.as_str()).width()).max(hint.len() + 2);
    let width = u16::try_from(longest + 3).unwrap_or(area.width).min(area.width);
    let at = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    frame.render_widget(Clear, at);
    let outline = Block::bordered()
        .border_type(BorderType::Thick)
        .title(Line::styled(title, theme.strong))
        .title_bottom(Line::styled(format!(" {hint} "), theme.strong))
        .title_alignment(Alignment::Center);
    frame.render_widget(Paragraph::new(lines).style(theme.plain).block(outline), at);
}

fn help(top: usize, theme: &Theme) -> Vec<Line<'static>> {
    let line = |binding: &'static bindings::Binding| {
        Line::from(vec![
            Span::styled(format!(" {:<14}", binding.keys), theme.strong),
            Span::raw(format!("{:<42}", binding.what)),
            Span::styled(binding.command, theme.faint),
        ])
    };
    bindings::help().skip(top).map(line).collect()
}

fn lines_of(lines: &[(Option<char>, String)], top: usize, theme: &Theme) -> Vec<Line<'static>> {
    let line = |(mark, text): &(Option<char>, String)| {
        Line::styled(format!(" {}", for_terminal(text)), theme.differing(*mark))
    };
    lines.iter().skip(top).map(line).collect()
}

fn found(places: &[Place], cursor: usize, top: usize, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let width = usize::from(area.width.saturating_sub(2));
    let line = |(n, place): (usize, &Place)| {
        let mut words = vec![key_for_terminal(&place.key.shown()).into_owned()];
        words.extend(place.id.as_deref().map(|id| key_for_terminal(id).into_owned()));
        words.push(for_terminal(&place.text).into_owned());
        let line = Line::raw(fit(&format!(" {}", words.join("  ")), width));
        if n == cursor { line.style(theme.chosen) } else { line }
    };
    let height = usize::from(area.height.saturating_sub(2));
    places.iter().enumerate().skip(top).take(height).map(line).collect()
}

fn planned(plan: &Plan, top: usize, state: &State, theme: &Theme, area: Rect) -> Vec<Line<'static>> {
    let mut notes: Vec<Line<'static>> = Vec::new();
    notes.extend(plan.notes.iter().map(|note| Line::styled(format!(" {}", for_terminal(note)), theme.strong)));
    if let User::Process(user) = &state.user {
        let what = format!(" in use by {}: stop it first", key_for_terminal(user));
        notes.push(Line::styled(what, theme.bad));
    }
    let height = usize::from(area.height).saturating_sub(2 + notes.len() + 1).max(1);
    let keys = plan.keys.iter().skip(top).take(height);
    let mut lines: Vec<Line<'static>> = keys.map(|key| Line::raw(format!(" {}", key_for_terminal(key)))).collect();
    lines.push(Line::raw(""));
    lines.extend(notes);
    lines
}
