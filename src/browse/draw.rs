//! The screen as a function of the state.

use super::state::{Content, Focus, Known, Line as KeyLine, State};
use crate::output::escape::{for_terminal, key_for_terminal};
use crate::output::meaning::meaning;
use crate::output::{human, rows};
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Row, Table, Wrap};
use vlive::Record;
use vlive::snapshot::Event;

/// Columns of a cell at the most.
const WIDEST: usize = 32;

const CHOSEN: Style = Style::new().add_modifier(Modifier::REVERSED);
const FAINT: Style = Style::new().add_modifier(Modifier::DIM);
const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);

/// Every key, with the command that does the same.
pub const KEYS: [(&str, &str); 14] = [
    ("j k, arrows, page keys", "move; Home and End, g and G, the mouse"),
    ("enter, l", "go in: a cache key, its rows, one row as JSON"),
    ("esc, h", "go out; with a filter, end it"),
    ("tab", "change sides"),
    ("/", "filter keys as you type"),
    ("s", "sort entries: key, age, size, rows (--sort)"),
    ("space", "pause, and go on"),
    ("y", "copy the key, or the row as JSON (OSC 52)"),
    ("o", "end, and print the key, for $(vlive browse)"),
    ("q, Ctrl-C", "end"),
    ("Ctrl-Z", "suspend"),
    ("?", "these keys"),
    ("", ""),
    ("", "to change entries: vlive edit, touch, invalidate"),
];

/// Where the two sides are on a screen.
pub fn sides(area: Rect) -> [Rect; 3] {
    let [main, below] = Layout::vertical([Constraint::Min(1), Constraint::Length(2)]).areas(area);
    let left = (area.width * 9 / 20).clamp(20.min(area.width), 80);
    let [left, right] = Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).areas(main);
    [left, right, below]
}

pub fn draw(frame: &mut Frame<'_>, state: &State) {
    let [left, right, below] = sides(frame.area());
    keys(frame, state, left);
    content(frame, state, right);
    status(frame, state, below);
    if state.is_help {
        help(frame);
    }
}

fn block(title: String, is_chosen: bool) -> Block<'static> {
    let style = if is_chosen { STRONG } else { FAINT };
    Block::bordered().title(title).border_style(style)
}

fn keys(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let title = match (state.is_typing, state.filter.as_str()) {
        (false, "") => format!(" keys by {} ", state.sort.name()),
        (true, filter) => format!(" /{}▏ ", for_terminal(filter)),
        (false, filter) => format!(" /{} ", for_terminal(filter)),
    };
    let outline = block(title, state.focus == Focus::Keys);
    let inner = outline.inner(area);
    let lines: Vec<Line<'_>> = state
        .lines
        .iter()
        .enumerate()
        .skip(state.top)
        .take(inner.height.into())
        .map(|(n, line)| {
            let drawn = key_line(state, line, inner.width.into());
            if n == state.cursor { drawn.style(CHOSEN) } else { drawn }
        })
        .collect();
    frame.render_widget(Paragraph::new(lines).block(outline), area);
    if state.lines.is_empty() {
        let text = match (&state.trouble, state.commit, state.filter.is_empty()) {
            (_, Some(_), false) => "no key matches",
            (_, Some(_), true) => "the cache holds no entries",
            (Some(_), None, _) => "waiting for the cache",
            (None, None, _) => "reading",
        };
        frame.render_widget(Paragraph::new(text).style(FAINT), inner);
    }
}

fn key_line<'l>(state: &'l State, line: &'l KeyLine, width: usize) -> Line<'l> {
    let (name, facts, style) = match &line.sub_key {
        None => {
            let (mut count, mut bytes, mut newest, mut mark) = (0u64, 0, None, None);
            for known in state.entries(&line.cache_key) {
                count += 1;
                bytes += known.bytes;
                newest = newest.max(known.head.map(|head| head.0));
                mark = mark.or(known.mark(state.now));
            }
            let arrow = if state.is_open(&line.cache_key) { '▾' } else { '▸' };
            let name = format!("{arrow} {}", key_for_terminal(&line.cache_key));
            (name, facts(&count.to_string(), bytes, &age(state, newest)), STRONG.patch(marked(mark)))
        }
        Some(sub_key) => {
            let Some(known) = state.known(line) else { return Line::default() };
            let rows = known.head.map_or_else(|| "undecodable".to_owned(), |head| format!("{}", head.1));
            let name = format!("{}  {}", mark_of(known.mark(state.now)), key_for_terminal(sub_key));
            let facts = facts(&rows, known.bytes, &age(state, time(known)));
            (name, facts, marked(known.mark(state.now)))
        }
    };
    // Where there is no room for both, the name counts.
    let facts_width = facts.len().min(width);
    let room = width.saturating_sub(facts_width + 1);
    if room < 12 {
        return Line::styled(fit(&name, width), style);
    }
    Line::from(vec![Span::styled(fit(&name, room), style), Span::raw(" "), Span::styled(facts, FAINT)])
}

/// Rows or entries, size and age, in columns.
fn facts(count: &str, bytes: u64, age: &str) -> String {
    format!("{count:>5} {:>9} {age:>5}", human::size(bytes))
}

fn time(known: &Known) -> Option<u64> {
    known.head.map(|head| head.0)
}

/// The largest unit of an age.
fn age(state: &State, fetched_at: Option<u64>) -> String {
    let Some(at) = fetched_at else { return String::new() };
    let age = human::age(state.now.cast_signed().saturating_sub(at.cast_signed()));
    match age.strip_prefix("in ") {
        Some(ahead) => format!("+{}", ahead.split(' ').next().unwrap_or_default()),
        None => age.split(' ').next().unwrap_or_default().to_owned(),
    }
}

fn marked(event: Option<Event>) -> Style {
    match event {
        Some(Event::Added | Event::Found) => Style::new().fg(Color::Green),
        Some(Event::Touched) => Style::new().fg(Color::Cyan),
        Some(_) => Style::new().fg(Color::Yellow),
        None => Style::new(),
    }
}

/// Understandable without colour too.
fn mark_of(event: Option<Event>) -> char {
    match event {
        Some(Event::Added | Event::Found) => '+',
        Some(Event::Touched) => '@',
        Some(_) => '~',
        None => ' ',
    }
}

/// A text of exactly so many columns.
fn fit(text: &str, width: usize) -> String {
    let cut = crate::output::to_width(text, width.max(1));
    let missing = width.saturating_sub(Span::raw(cut.as_ref()).width());
    format!("{cut}{}", " ".repeat(missing))
}

fn content(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let Some(content) = &state.content else {
        let outline = block(" rows ".to_owned(), false);
        return frame.render_widget(outline, area);
    };
    let key = content.key.to_string();
    let title = format!(" {} ", key_for_terminal(&key));
    let outline = block(title, state.focus != Focus::Keys);
    let inner = outline.inner(area);
    match (&content.rows, state.focus) {
        (Err(why), _) => {
            let text = Paragraph::new(for_terminal(why).into_owned()).wrap(Wrap { trim: false });
            frame.render_widget(text.block(outline), area);
        }
        (Ok(rows), Focus::Row) => {
            let Some((id, record)) = rows.rows.get_index(content.row) else { return };
            let scroll = u16::try_from(content.scroll).unwrap_or(u16::MAX);
            let text = Paragraph::new(row_lines(id, record)).wrap(Wrap { trim: false }).scroll((scroll, 0));
            frame.render_widget(text.block(outline), area);
        }
        (Ok(_), _) => {
            frame.render_widget(outline, area);
            table(frame, state, content, inner);
        }
    }
}

/// One row as JSON, a field on each line.
fn row_lines(id: &str, record: &Record) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(key_for_terminal(id).into_owned(), STRONG), Line::raw("{")];
    for (n, (name, value)) in record.iter().enumerate() {
        let mut text = Vec::new();
        rows::push_record(&mut text, &[(name.clone(), value.clone())].into_iter().collect());
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut quoted = Vec::new();
        rows::push_text(&mut quoted, name);
        let value = text.get(1 + quoted.len() + 1..text.len() - 1).unwrap_or_default();
        let comma = if n + 1 < record.len() { "," } else { "" };
        let quoted = String::from_utf8_lossy(&quoted).into_owned();
        lines.push(Line::from(vec![
            Span::raw("  "),
            Span::styled(for_terminal(&quoted).into_owned(), Style::new().fg(Color::Blue)),
            Span::raw(": "),
            Span::styled(for_terminal(value).into_owned(), colour(value)),
            Span::raw(comma),
        ]));
    }
    lines.push(Line::raw("}"));
    lines
}

fn colour(value: &str) -> Style {
    match value.as_bytes().first() {
        Some(b'"') => Style::new().fg(Color::Green),
        Some(b'0'..=b'9' | b'-') => Style::new().fg(Color::Cyan),
        Some(b't' | b'f' | b'n') => Style::new().fg(Color::Magenta),
        _ => Style::new(),
    }
}

/// The rows that are in sight, and no others.
fn table(frame: &mut Frame<'_>, state: &State, content: &Content, area: Rect) {
    let Ok(rows) = &content.rows else { return };
    let height = usize::from(area.height.saturating_sub(1));
    let shown: Vec<(&String, &Record)> = rows.rows.iter().skip(content.top).take(height).collect();
    let mut fields: Vec<&str> = Vec::new();
    for name in shown.iter().flat_map(|(_, record)| record.keys()) {
        if !fields.contains(&name.as_str()) {
            fields.push(name);
        }
    }
    let first = content.column.min(fields.len().saturating_sub(1));
    let fields = fields.get(first..).unwrap_or_default();
    let mut head = vec!["ID".to_owned()];
    head.extend(fields.iter().map(|name| key_for_terminal(name).into_owned()));
    let cells: Vec<Vec<String>> = shown
        .iter()
        .map(|(id, record)| {
            let mut cells = vec![key_for_terminal(id).into_owned()];
            let cell = |name: &&str| {
                let value = record.get(*name).map(|value| meaning(value).into_text().into_owned());
                for_terminal(&value.unwrap_or_default()).replace('\n', "\\n")
            };
            cells.extend(fields.iter().map(cell));
            cells.into_iter().map(|cell| crate::output::to_width(&cell, WIDEST).into_owned()).collect()
        })
        .collect();
    let width = |n: usize| {
        let widths = cells.iter().map(|row| Span::raw(row[n].as_str()).width());
        widths.chain([Span::raw(head[n].as_str()).width()]).max().unwrap_or(1).min(WIDEST)
    };
    // Columns that do not fit are to the right, where the arrows lead.
    let mut left = usize::from(area.width);
    let mut widths = Vec::new();
    for (n, name) in head.iter().enumerate() {
        let width = width(n).min(left);
        if n > 1 && width < name.len().min(8) {
            break;
        }
        widths.push(Constraint::Length(u16::try_from(width).unwrap_or(1)));
        left = left.saturating_sub(width + 2);
    }
    let fitting = widths.len();
    let is_chosen = |n: usize| state.focus == Focus::Rows && content.top + n == content.row;
    let lines = cells.into_iter().enumerate().map(|(n, row)| {
        let row = Row::new(row.into_iter().take(fitting));
        if is_chosen(n) { row.style(CHOSEN) } else { row }
    });
    let table =
        Table::new(lines, widths).header(Row::new(head.into_iter().take(fitting)).style(STRONG)).column_spacing(2);
    frame.render_widget(table, area);
}

fn status(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let commit = state.commit.map_or_else(String::new, |commit| format!("  commit #{commit}"));
    let user = state.user.as_deref().map_or_else(String::new, |user| format!("  in use by {}", key_for_terminal(user)));
    let paused = if state.is_paused { "  PAUSED" } else { "" };
    let first = format!("{}{commit}{user}{paused}", key_for_terminal(&state.path));
    let second = match (&state.trouble, &state.message) {
        (Some(trouble), _) => Line::styled(for_terminal(trouble).into_owned(), Style::new().fg(Color::Red)),
        (None, Some(message)) => Line::raw(for_terminal(message).into_owned()),
        (None, None) => Line::styled("? keys  / filter  s sort  space pause  o print  q quit", FAINT),
    };
    frame.render_widget(Paragraph::new(vec![Line::raw(first), second]), area);
}

fn help(frame: &mut Frame<'_>) {
    let area = frame.area();
    let width = 78.min(area.width);
    let height = u16::try_from(KEYS.len() + 2).unwrap_or(area.height).min(area.height);
    let at = Rect { x: (area.width - width) / 2, y: (area.height - height) / 2, width, height };
    let lines: Vec<Line<'_>> = KEYS
        .iter()
        .map(|(key, what)| Line::from(vec![Span::styled(format!(" {key:<24}"), STRONG), Span::raw(*what)]))
        .collect();
    frame.render_widget(Clear, at);
    let block = Block::bordered().title(" keys ").title_alignment(Alignment::Center);
    frame.render_widget(Paragraph::new(lines).block(block), at);
}

#[cfg(test)]
mod tests {
    use super::super::state::{Input, sample};
    use super::draw;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::crossterm::event::KeyCode;

    fn screen(width: u16, height: u16, keys: &[KeyCode]) -> String {
        let mut state = sample();
        state.update(Input::Height(usize::from(height) - 4));
        for key in keys {
            state.update(Input::Key(*key));
        }
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory");
        terminal.draw(|frame| draw(frame, &state)).expect("memory");
        terminal.backend().to_string()
    }

    #[test]
    fn a_screen_of_80_by_24_shows_keys_facts_and_rows() {
        let screen = screen(80, 24, &[]);
        let lines: Vec<&str> = screen.lines().collect();
        assert_eq!(lines.len(), 24);
        assert!(lines[1].contains("▾ clients") && lines[1].contains("2     150 B    1m"), "{screen}");
        assert!(lines[2].contains("page_1") && lines[2].contains("2     100 B    1m"), "{screen}");
        assert!(lines[3].contains("~  page_2"), "a change is marked without colour: {screen}");
        assert!(lines[1].contains("ID  name") && lines[2].contains("a   Anna"), "{screen}");
        assert!(lines[22].contains("/cache/vlive.redb  commit #7"), "{screen}");
    }

    #[test]
    fn text_from_the_cache_is_escaped() {
        let screen = screen(200, 60, &[]);
        assert!(!screen.contains('\u{1b}') && screen.contains("\\u{1b}[31mred"), "{screen}");
    }

    #[test]
    fn any_size_can_be_drawn() {
        for width in [1, 2, 5, 20, 80, 200] {
            for height in [5, 6, 24, 60] {
                for keys in [&[][..], &[KeyCode::Tab], &[KeyCode::Tab, KeyCode::Enter], &[KeyCode::Char('?')]] {
                    screen(width, height, keys);
                }
            }
        }
    }
}
