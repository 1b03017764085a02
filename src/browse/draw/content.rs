//! The right side: facts of what encloses entries, the rows of an entry as a table, or one row as JSON.

use super::{Theme, block};
use crate::browse::state::{Content, Focus, Node, Row as EntryRow, State, Summary, Window};
use crate::output::escape::{for_terminal, key_for_terminal};
use crate::output::meaning::{Meaning, meaning};
use crate::output::{human, rows};
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Cell, Paragraph, Row, Table, Wrap};
use vlive::Record;

/// Columns of a cell at the most.
const WIDEST: usize = 32;

/// Characters that are shown of a value in a row.
const LONGEST: usize = 10_000;

pub fn draw(frame: &mut Frame<'_>, state: &State, theme: &Theme, area: Rect) {
    match &state.content {
        Some(content) => entry(frame, state, content, theme, area),
        None => enclosing(frame, state, theme, area),
    }
}

/// What a cache key or a group comes to.
fn enclosing(frame: &mut Frame<'_>, state: &State, theme: &Theme, area: Rect) {
    let Some((node, Some(summary))) = state.tree.lines.get(state.tree.cursor).map(|line| (&line.node, &line.summary))
    else {
        return frame.render_widget(block("", false, theme), area);
    };
    let title = format!(" {} ", key_for_terminal(&node.full_key()));
    let mut lines = vec![Line::raw(""), Line::styled(counts(summary), theme.strong)];
    if let (Some(newest), Some(oldest)) = (summary.newest, summary.oldest) {
        let dated = |at| format!("{}  {}", human::time(at), ago(state.now, at));
        lines.push(Line::raw(format!("newest  {}", dated(newest))));
        lines.push(Line::raw(format!("oldest  {}", dated(oldest))));
    }
    if summary.undecodable > 0 {
        let what = human::count(summary.undecodable, "entry cannot be decoded", "entries cannot be decoded");
        lines.push(Line::styled(what, theme.bad));
    }
    let what = match node {
        Node::CacheKey(_) => "the cache key",
        Node::Group(..) | Node::Entry(..) => "the group",
    };
    let does = if state.tree.is_open(node) { "closes" } else { "opens" };
    lines.extend([Line::raw(""), Line::styled(format!("enter {does} {what}"), theme.faint)]);
    let text = Paragraph::new(lines).wrap(Wrap { trim: false });
    frame.render_widget(text.block(block(title, false, theme)), area);
}

fn counts(summary: &Summary) -> String {
    let entries = human::count(summary.entries, "entry", "entries");
    let rows = human::count(summary.rows, "row", "rows");
    format!("{entries}, {rows}, {}", human::size(summary.bytes))
}

fn ago(now: u64, at: u64) -> String {
    let age = human::age(now.cast_signed().saturating_sub(at.cast_signed()));
    if age.starts_with("in ") { age } else { format!("{age} ago") }
}

fn entry(frame: &mut Frame<'_>, state: &State, content: &Content, theme: &Theme, area: Rect) {
    let key = content.key.to_string();
    let mut title = vec![Span::styled(format!(" {} ", key_for_terminal(&key)), theme.strong)];
    if !state.condition.is_empty() {
        title.push(Span::raw(format!("where {} ", for_terminal(&state.condition))));
    }
    let mut outline = block(Line::from(title), state.focus != Focus::Keys, theme);
    if let Some(window) = content.window() {
        let below = format!(" {} ", place(state, content, window));
        outline = outline.title_bottom(Line::from(below).right_aligned().style(theme.faint));
    }
    let inner = outline.inner(area);
    let said = |text: &str, style| {
        Paragraph::new(Line::styled(for_terminal(text).into_owned(), style)).wrap(Wrap { trim: false })
    };
    match (&content.window, state.focus) {
        (None, _) => frame.render_widget(said("reading …", theme.faint), inner),
        (Some(Err(why)), _) => frame.render_widget(said(why, theme.bad), inner),
        (Some(Ok(window)), _) if window.count == 0 => {
            let why = match (state.condition.is_empty(), window.total) {
                (_, 0) => "the entry has no rows",
                _ => "the filter is true of no row; esc shows all",
            };
            frame.render_widget(said(why, theme.faint), inner);
        }
        (Some(Ok(_)), Focus::Row) => {
            if let Some(row) = content.row_at(content.row) {
                let scroll = u16::try_from(content.scroll).unwrap_or(u16::MAX);
                let text = Paragraph::new(json(row, theme)).wrap(Wrap { trim: false }).scroll((scroll, 0));
                frame.render_widget(text, inner);
            }
        }
        (Some(Ok(window)), _) => table(frame, state, content, window, theme, inner),
    }
    frame.render_widget(outline, area);
}

/// Where one is in the rows, and how old they are.
fn place(state: &State, content: &Content, window: &Window) -> String {
    let rows = if state.focus == Focus::Keys || window.count == 0 {
        human::count(window.count as u64, "row", "rows")
    } else {
        format!("row {} of {}", content.row + 1, window.count)
    };
    let of = if window.count == window.total { String::new() } else { format!(" ({} in all)", window.total) };
    format!("{rows}{of}, fetched {}", ago(state.now, window.fetched_at))
}

/// One row as JSON, a field on each line.
fn json(row: &EntryRow, theme: &Theme) -> Text<'static> {
    let mut lines = vec![Line::styled(key_for_terminal(&row.id).into_owned(), theme.strong), Line::raw("{")];
    for (n, (name, value)) in row.record.iter().enumerate() {
        let mut text = Vec::new();
        rows::push_record(&mut text, &Record::from_iter([(name.clone(), value.clone())]));
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut quoted = Vec::new();
        rows::push_text(&mut quoted, name);
        let value = text.get(1 + quoted.len() + 1..text.len() - 1).unwrap_or_default();
        let (value, more) = match value.char_indices().nth(LONGEST) {
            Some((end, _)) => (&value[..end], format!("… ({} in all)", human::size(value.len() as u64))),
            None => (value, String::new()),
        };
        let comma = if n + 1 < row.record.len() { "," } else { "" };
        let quoted = String::from_utf8_lossy(&quoted).into_owned();
        let style = match value.as_bytes().first() {
            Some(b'"') => theme.text,
            Some(b'0'..=b'9' | b'-') => theme.number,
            Some(b't' | b'f' | b'n') => theme.word,
            _ => theme.plain,
        };
        lines.push(Line::from(vec![
            Span::raw("  "),
            Span::styled(for_terminal(&quoted).into_owned(), theme.name),
            Span::raw(": "),
            Span::styled(for_terminal(value).into_owned(), style),
            Span::raw(format!("{more}{comma}")),
        ]));
    }
    lines.push(Line::raw("}"));
    lines.into()
}

/// The rows that are in sight, and no others.
fn table(frame: &mut Frame<'_>, state: &State, content: &Content, window: &Window, theme: &Theme, area: Rect) {
    let height = usize::from(area.height.saturating_sub(1));
    let places: Vec<usize> = (content.top..window.count).take(height).collect();
    let shown: Vec<Option<&EntryRow>> = places.iter().map(|place| content.row_at(*place)).collect();
    let mut fields: Vec<&str> = Vec::new();
    for name in shown.iter().flatten().flat_map(|row| row.record.keys()) {
        if !fields.contains(&name.as_str()) {
            fields.push(name);
        }
    }
    let first = content.column.min(fields.len().saturating_sub(1));
    let fields = fields.get(first..).unwrap_or_default();
    let mut columns = vec![Column::new("row id", shown.iter().map(|row| row.map(|row| (row.id.as_str(), false))))];
    let mut left = usize::from(area.width).saturating_sub(columns[0].width);
    for name in fields {
        let meanings: Vec<_> = shown.iter().map(|row| row.and_then(|row| row.record.get(*name)).map(meaning)).collect();
        let cells = meanings.into_iter().map(|meaning| {
            meaning.map(|meaning| {
                let is_number = matches!(meaning, Meaning::Number(_));
                (meaning.into_text(), is_number)
            })
        });
        let column = Column::new(name, cells);
        // What does not fit is to the right, where the arrows lead.
        let room = left.saturating_sub(2);
        if room < column.width.min(8) {
            break;
        }
        left = room.saturating_sub(column.width);
        columns.push(column);
    }
    let mut widths: Vec<u16> = columns.iter().map(|column| u16::try_from(column.width).unwrap_or(1)).collect();
    if let Some(last) = widths.last_mut() {
        *last = (*last).min(area.width);
    }
    let is_chosen = |place: usize| state.focus == Focus::Rows && place == content.row;
    let lines = places.iter().enumerate().map(|(n, place)| {
        let row = Row::new(columns.iter().map(|column| column.cell(n)));
        if is_chosen(*place) { row.style(theme.chosen) } else { row }
    });
    let heading = Row::new(columns.iter().map(Column::heading)).style(theme.strong);
    let widths = widths.into_iter().map(Constraint::Length);
    frame.render_widget(Table::new(lines, widths).header(heading).column_spacing(2), area);
}

/// A column of the rows in sight.
struct Column {
    name: String,
    cells: Vec<String>,
    width: usize,
    /// Whether it holds numbers, and nothing else where it holds anything.
    is_number: bool,
}

impl Column {
    fn new<T: AsRef<str>>(name: &str, cells: impl IntoIterator<Item = Option<(T, bool)>>) -> Column {
        let name = crate::output::to_width(&key_for_terminal(name), WIDEST).into_owned();
        let (mut numbers, mut others) = (0, 0);
        let cells: Vec<String> = cells
            .into_iter()
            .map(|cell| {
                let Some((text, is_number)) = cell else { return String::new() };
                *(if is_number { &mut numbers } else { &mut others }) += 1;
                crate::output::to_width(text.as_ref(), WIDEST).into_owned()
            })
            .collect();
        let width = cells.iter().chain([&name]).map(|text| Span::raw(text.as_str()).width()).max().unwrap_or(1);
        Column { name, cells, width, is_number: numbers > 0 && others == 0 }
    }

    fn aligned(&self, text: &str) -> Cell<'static> {
        let line = Line::raw(text.to_owned());
        Cell::new(if self.is_number { line.right_aligned() } else { line })
    }

    fn heading(&self) -> Cell<'static> {
        self.aligned(&self.name)
    }

    fn cell(&self, row: usize) -> Cell<'static> {
        self.aligned(&self.cells[row])
    }
}
