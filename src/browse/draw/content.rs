//! The right pane: a summary of a cache key or group, the rows of an entry as a table, or one row as JSON.

use super::{Theme, block};
use crate::browse::state::{Content, Focus, Node, Row as EntryRow, State, Summary, Window};
use crate::output::escape::{for_terminal, key_for_terminal, visible};
use crate::output::meaning::data::key_name;
use crate::output::meaning::{Meaning, meaning};
use crate::output::{human, rows};
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Cell, Paragraph, Row, Table, Wrap};
use vlive::Record;
use vlive::ciborium::Value;

/// The greatest width of a cell on a wide and on a narrow terminal.
const WIDEST: usize = 32;
const NARROWEST: usize = 12;

/// The most characters of a value, and the most lines of a row, that are shown.
const LONGEST: usize = 10_000;

pub fn draw(frame: &mut Frame<'_>, state: &State, theme: &Theme, area: Rect) {
    match &state.content {
        Some(content) => entry(frame, state, content, theme, area),
        None => enclosing(frame, state, theme, area),
    }
}

/// The summary of a cache key or a group.
fn enclosing(frame: &mut Frame<'_>, state: &State, theme: &Theme, area: Rect) {
    let Some((node, Some(summary))) = state.tree.lines.get(state.tree.cursor).map(|line| (&line.node, &line.summary))
    else {
        let others = if state.tree.filter.is_empty() { state.others.as_slice() } else { &[] };
        let lines: Vec<_> = others.iter().flat_map(|sentence| [Line::raw(""), Line::raw(sentence)]).collect();
        return frame
            .render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(block("", false, theme)), area);
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
        Node::Group(..) | Node::Entry(..) | Node::Set(_) => "the group",
    };
    let does = if state.tree.is_open(node) { "closes" } else { "opens" };
    if state.tree.filter.is_empty() {
        lines.extend([Line::raw(""), Line::styled(format!("enter {does} {what}"), theme.faint)]);
    }
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
    let key = content.key.shown();
    let mut title = vec![Span::styled(format!(" {} ", key_for_terminal(&key)), theme.strong)];
    if !state.condition.is_empty() {
        title.push(Span::raw(format!("where {} ", for_terminal(&state.condition))));
    }
    let mut outline = block(Line::from(title), state.focus != Focus::Keys, theme);
    if let Some(window) = content.window() {
        let below = format!(" {} ", place(state, content, window, area.width));
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

/// The position in the rows, and their age; as much of it as there is room for.
fn place(state: &State, content: &Content, window: &Window, width: u16) -> String {
    let at_source = window.at_source.filter(|total| *total != window.total as u64);
    let is_whole = window.count == window.total;
    let (rows, cached) = match at_source {
        Some(total) if is_whole && (state.focus == Focus::Keys || window.count == 0) => {
            (format!("{} cached", human::counted_rows(window.total as u64, Some(total))), None)
        }
        total => {
            let rows = if state.focus == Focus::Keys || window.count == 0 {
                human::count(window.count as u64, "row", "rows")
            } else {
                format!("row {} of {}", content.row + 1, window.count)
            };
            let all = if is_whole { String::new() } else { format!(" ({} in all)", window.total) };
            (
                format!("{rows}{all}"),
                total.map(|total| format!(", {} cached", human::rows(window.total as u64, Some(total)))),
            )
        }
    };
    let fetched = window.fetched_at.map(|at| format!(", fetched {}", ago(state.now, at)));
    let mut place = rows;
    for part in cached.into_iter().chain(fetched) {
        // The corners, and a space on either side.
        if Span::raw(place.as_str()).width() + Span::raw(part.as_str()).width() + 4 > usize::from(width) {
            break;
        }
        place.push_str(&part);
    }
    place
}

/// One row as JSON, a value on each line.
fn json(row: &EntryRow, theme: &Theme) -> Text<'static> {
    let mut lines = vec![Line::styled(key_for_terminal(&row.id).into_owned(), theme.strong)];
    lines.extend(row.status.as_ref().map(|status| Line::styled(for_terminal(status).into_owned(), theme.bad)));
    lines.push(Line::raw("{"));
    let mut json = Json { lines, theme };
    for (n, (name, value)) in row.record.iter().enumerate() {
        json.push(1, Some(name), value, n + 1 == row.record.len());
    }
    json.lines.push(Line::raw("}"));
    json.lines.into()
}

struct Json<'t> {
    lines: Vec<Line<'static>>,
    theme: &'t Theme,
}

impl Json<'_> {
    /// A value, with its name if it has one; arrays and maps take several lines.
    fn push(&mut self, depth: usize, name: Option<&str>, value: &Value, is_last: bool) {
        if self.lines.len() > LONGEST {
            return;
        }
        let indent = "  ".repeat(depth);
        let comma = if is_last { "" } else { "," };
        let mut begin = vec![Span::raw(indent.clone())];
        if let Some(name) = name {
            begin.extend([Span::styled(quoted(name), self.theme.name), Span::raw(": ")]);
        }
        match value {
            Value::Array(items) if !items.is_empty() => {
                begin.push(Span::raw("["));
                self.lines.push(Line::from(begin));
                for (n, item) in items.iter().enumerate() {
                    self.push(depth + 1, None, item, n + 1 == items.len());
                }
                self.lines.push(Line::raw(format!("{indent}]{comma}")));
            }
            Value::Map(pairs) if !pairs.is_empty() => {
                begin.push(Span::raw("{"));
                self.lines.push(Line::from(begin));
                for (n, (key, item)) in pairs.iter().enumerate() {
                    self.push(depth + 1, Some(&key_name(key)), item, n + 1 == pairs.len());
                }
                self.lines.push(Line::raw(format!("{indent}}}{comma}")));
            }
            value => {
                let text = scalar(value);
                let style = match text.as_bytes().first() {
                    Some(b'"') => self.theme.text,
                    Some(b'0'..=b'9' | b'-') => self.theme.number,
                    Some(b't' | b'f' | b'n') => self.theme.word,
                    _ => self.theme.plain,
                };
                let (text, more) = match text.char_indices().nth(LONGEST) {
                    Some((end, _)) => (&text[..end], format!("… ({} in all)", human::size(text.len() as u64))),
                    None => (text.as_str(), String::new()),
                };
                let shown = Span::styled(for_terminal(text).into_owned(), style);
                begin.extend([shown, Span::raw(format!("{more}{comma}"))]);
                self.lines.push(Line::from(begin));
            }
        }
    }
}

fn quoted(name: &str) -> String {
    let mut quoted = Vec::new();
    rows::push_text(&mut quoted, name);
    for_terminal(&String::from_utf8_lossy(&quoted)).into_owned()
}

/// A value as `dump --format rows` writes it.
fn scalar(value: &Value) -> String {
    let mut text = Vec::new();
    rows::push_record(&mut text, &Record::from_iter([(String::new(), value.clone())]));
    let text = String::from_utf8_lossy(&text).into_owned();
    text.strip_prefix("{\"\":").and_then(|text| text.strip_suffix('}')).unwrap_or_default().to_owned()
}

/// The visible rows.
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
    // A field that repeats the row id adds nothing.
    fields.retain(|field| {
        let repeats =
            |row: &&EntryRow| row.record.get(*field).is_some_and(|value| meaning(value).into_text() == row.id);
        !shown.iter().flatten().all(repeats)
    });
    let first = content.column.min(fields.len().saturating_sub(1));
    let fields = fields.get(first..).unwrap_or_default();
    // On a narrow terminal, several columns tell more than one long column.
    let widest = (usize::from(area.width) / 3).clamp(NARROWEST, WIDEST);
    let mut columns =
        vec![Column::new("row id", widest, shown.iter().map(|row| row.map(|row| (visible(&row.id), false))))];
    if shown.iter().flatten().any(|row| row.status.is_some()) {
        let cells = shown.iter().map(|row| row.and_then(|row| row.status.as_deref()).map(|status| (status, false)));
        columns.push(Column::new("status", widest, cells));
    }
    let taken: usize = columns.iter().map(|column| column.width + 2).sum();
    let mut left = usize::from(area.width).saturating_sub(taken);
    for name in fields {
        let meanings = shown.iter().map(|row| row.and_then(|row| row.record.get(*name)).map(meaning));
        let cells = meanings.map(|meaning| {
            let meaning = meaning?;
            let is_number = matches!(meaning, Meaning::Number(_));
            Some((meaning.into_text(), is_number))
        });
        let mut column = Column::new(name, widest, cells);
        // Columns that do not fit are reached with the arrow keys.
        if left < column.width.min(8) {
            break;
        }
        column.narrow(left);
        left = left.saturating_sub(column.width + 2);
        columns.push(column);
    }
    let widths: Vec<u16> = columns.iter().map(|column| u16::try_from(column.width).unwrap_or(1)).collect();
    let is_chosen = |place: usize| state.focus == Focus::Rows && place == content.row;
    let lines = places.iter().enumerate().map(|(n, place)| {
        let row = Row::new(columns.iter().map(|column| column.cell(n)));
        if is_chosen(*place) { row.style(theme.chosen) } else { row }
    });
    let heading = Row::new(columns.iter().map(Column::heading)).style(theme.strong);
    let widths = widths.into_iter().map(Constraint::Length);
    frame.render_widget(Table::new(lines, widths).header(heading).column_spacing(2), area);
}

/// A column of the visible rows.
struct Column {
    name: String,
    cells: Vec<String>,
    width: usize,
    /// Whether all its values are numbers.
    is_number: bool,
}

impl Column {
    fn new<T: AsRef<str>>(name: &str, widest: usize, cells: impl IntoIterator<Item = Option<(T, bool)>>) -> Column {
        let name = crate::output::to_width(&key_for_terminal(name), widest).into_owned();
        let (mut numbers, mut others) = (0, 0);
        let cells: Vec<String> = cells
            .into_iter()
            .map(|cell| {
                let Some((text, is_number)) = cell else { return String::new() };
                *(if is_number { &mut numbers } else { &mut others }) += 1;
                crate::output::to_width(text.as_ref(), widest).into_owned()
            })
            .collect();
        let width = cells.iter().chain([&name]).map(|text| Span::raw(text.as_str()).width()).max().unwrap_or(1);
        Column { name, cells, width, is_number: numbers > 0 && others == 0 }
    }

    /// Cuts the column to a width.
    fn narrow(&mut self, width: usize) {
        if self.width > width {
            for text in self.cells.iter_mut().chain([&mut self.name]) {
                *text = crate::output::to_width(text, width).into_owned();
            }
            self.width = width;
        }
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
