//! The left pane.

use super::theme::mark_of;
use super::{Theme, block, fit};
use crate::browse::state::{Focus, Line as TreeLine, Node, State, group_of, mark};
use crate::output::escape::{for_terminal, key_for_terminal};
use crate::output::human;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

/// Widths of the columns.
const SIZE: usize = 10;
const ROWS: usize = 6;
const AGE: usize = 5;

/// The least width of a name.
const NAME: usize = 14;

/// The columns for which there is room beside the names.
#[derive(Clone, Copy)]
struct Columns {
    width: usize,
    rows: bool,
    size: bool,
    age: bool,
}

impl Columns {
    fn of(width: usize) -> Columns {
        let age = width >= NAME + AGE;
        let rows = width >= NAME + AGE + ROWS;
        let size = width >= NAME + AGE + ROWS + SIZE + 8;
        Columns { width, rows, size, age }
    }

    fn facts(&self, rows: &str, size: &str, age: &str) -> String {
        let mut facts = String::new();
        for (is_shown, text, width) in [(self.rows, rows, ROWS), (self.size, size, SIZE), (self.age, age, AGE)] {
            if is_shown {
                // A fact that is too long is not cut; the name gets less room.
                facts.push_str(&" ".repeat(width.saturating_sub(text.width()).max(1)));
                facts.push_str(text);
            }
        }
        facts
    }
}

pub fn draw(frame: &mut Frame<'_>, state: &State, theme: &Theme, area: Rect) {
    let tree = &state.tree;
    let title = match tree.filter.as_str() {
        "" => format!(" keys by {} ", tree.sort.name()),
        filter => format!(" keys like {} by {} ", for_terminal(filter), tree.sort.name()),
    };
    let mut outline = block(title, state.focus == Focus::Keys, theme);
    if !tree.lines.is_empty() {
        let place = format!(" {} of {} ", tree.cursor + 1, tree.lines.len());
        outline = outline.title_bottom(Line::from(place).right_aligned().style(theme.faint));
    }
    let inner = outline.inner(area);
    let columns = Columns::of(inner.width.into());
    let facts = columns.facts("rows", "size", "age");
    let name = columns.width.saturating_sub(facts.width());
    let mut lines = vec![Line::styled(format!("{}{facts}", fit("  key", name)), theme.faint)];
    let height = usize::from(inner.height.saturating_sub(1));
    lines.extend(tree.lines.iter().enumerate().skip(tree.top).take(height).map(|(n, line)| {
        let drawn = entry(state, theme, line, columns);
        if n == tree.cursor { drawn.style(theme.chosen) } else { drawn }
    }));
    if tree.lines.is_empty() {
        lines.push(Line::styled(nothing(state), theme.faint));
    }
    frame.render_widget(Paragraph::new(lines).block(outline), area);
}

fn nothing(state: &State) -> &'static str {
    match (&state.trouble, state.commit, state.tree.filter.is_empty()) {
        (_, Some(_), false) => "  no key matches; esc shows all",
        (_, Some(_), true) => "  the cache holds no entries",
        (Some(_), None, _) => "  waiting for the cache",
        (None, None, _) => "  reading",
    }
}

fn entry<'l>(state: &State, theme: &Theme, line: &'l TreeLine, columns: Columns) -> Line<'l> {
    let (name, facts, event) = match (&line.node, &line.summary) {
        (node, Some(summary)) => {
            let event = mark(summary.event, state.now);
            let (indent, name) = match node {
                Node::Group(_, prefix) => ("  ", prefix.to_string()),
                node => ("", node.full_key()),
            };
            let arrow = if state.tree.is_open(node) { '▾' } else { '▸' };
            let name = format!("{}{indent}{arrow} {} ({})", mark_of(event), key_for_terminal(&name), summary.entries);
            let (rows, size) = (summary.rows.to_string(), human::size(summary.bytes));
            (name, columns.facts(&rows, &size, &age(state.now, summary.newest)), event)
        }
        (node, None) => {
            let Some(known) = state.tree.known(node) else { return Line::default() };
            let event = mark(known.event, state.now);
            let (indent, name) = match node {
                Node::Entry(_, sub_key) => match group_of(sub_key) {
                    Some(group) => ("    ", sub_key[group.len()..].to_owned()),
                    None => ("  ", sub_key.to_string()),
                },
                node => ("", node.full_key()),
            };
            let rows = known.rows.map_or_else(|| "?".to_owned(), |rows| rows.to_string());
            let size = known.bytes.map(human::size).unwrap_or_default();
            let facts = columns.facts(&rows, &size, &age(state.now, known.fetched_at));
            (format!("{}{indent}{}", mark_of(event), key_for_terminal(&name)), facts, event)
        }
    };
    let room = columns.width.saturating_sub(facts.width());
    let style = theme.marked(event);
    let name = crate::output::in_the_middle(&name, room).into_owned();
    Line::from(vec![Span::styled(fit(&name, room), style), Span::styled(facts, theme.faint)])
}

/// An age in its largest unit; `+` marks a time in the future.
pub fn age(now: u64, fetched_at: Option<u64>) -> String {
    let Some(at) = fetched_at else { return String::new() };
    let age = human::age(now.cast_signed().saturating_sub(at.cast_signed()));
    match age.strip_prefix("in ") {
        Some(ahead) => format!("+{}", ahead.split(' ').next().unwrap_or_default()),
        None => age.split(' ').next().unwrap_or_default().to_owned(),
    }
}
