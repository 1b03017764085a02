//! Identities as people read and type them: `clients where team = red order by name desc`.
//!
//! A name, a column or a text has no quotes where it is unambiguous, and otherwise quotes with JSON's escapes. Whatever
//! is shown can be typed back.

use crate::diorama::identity::Identity;
use crate::diorama::query::{Condition, Operator, Order, Query, Value, hex, of_hex};
use crate::system::steers_terminal;
use std::fmt::{self, Display, Formatter, Write as _};
use std::str::FromStr;

/// How many levels of brackets are read, as many as [`Query`] decodes.
const MAX_DEPTH: usize = 32;

const WHERE: &str = "where";
const SEARCH: &str = "search";
const ORDER_BY: &str = "order by";
const NATIVE: &str = "native";
const HUB: &str = "hub";
const CLAUSES: [&str; 5] = [WHERE, SEARCH, ORDER_BY, NATIVE, HUB];

/// Words that are not text without quotes.
const RESERVED: [&str; 14] = [
    "true", "false", "null", "NaN", "Infinity", "and", "where", "search", "order", "native", "hub", "in", "not", "desc",
];

impl Identity {
    /// The form for people with quotes around the name, even where they are not needed.
    pub(crate) fn quoted(&self) -> String {
        format!("{}{}", Quoted(&self.name), Clauses(self))
    }
}

impl Display for Identity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if is_bare_name(&self.name) {
            f.write_str(&self.name)?;
        } else {
            Quoted(&self.name).fmt(f)?;
        }
        Clauses(self).fmt(f)
    }
}

/// An identity without its name.
struct Clauses<'i>(&'i Identity);

impl Display for Clauses<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Query { conditions, search, order, native } = &self.0.query;
        for (n, Condition { column, operator, value }) in conditions.iter().enumerate() {
            let word = if n == 0 { WHERE } else { "and" };
            write!(f, " {word} {} {} {value}", Word(column), shown(*operator))?;
        }
        if let Some(search) = search {
            write!(f, " {SEARCH} {}", Word(search))?;
        }
        if let Some(Order { column, descending }) = order {
            write!(f, " {ORDER_BY} {}{}", Word(column), if *descending { " desc" } else { "" })?;
        }
        for (n, native) in native.iter().enumerate() {
            let (space, word) = if n == 0 { (" ", NATIVE) } else { (",", "") };
            write!(f, "{space}{word} {}", Word(native))?;
        }
        if let Some(hub) = &self.0.hub {
            write!(f, " {HUB} {}", Word(hub))?;
        }
        Ok(())
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => value.fmt(f),
            Value::Integer(value) => value.fmt(f),
            Value::Float(value) => match value.as_str() {
                "inf" => f.write_str("Infinity"),
                "-inf" => f.write_str("-Infinity"),
                value if value.contains(['.', 'N']) => f.write_str(value),
                value => write!(f, "{value}.0"),
            },
            Value::Text(value) => Word(value).fmt(f),
            Value::Bytes(value) => write!(f, "h'{}'", hex(value)),
            Value::Tag(tag, content) => write!(f, "{tag}({content})"),
            Value::Array(items) => {
                f.write_str("[")?;
                for (n, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if n == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Value::Map(pairs) => {
                f.write_str("{")?;
                for (n, (key, value)) in pairs.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if n == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}

fn shown(operator: Operator) -> &'static str {
    match operator {
        Operator::NotIn => "not in",
        operator => operator.symbol(),
    }
}

/// Whether a name needs no quotes: nothing in it could be read as a clause.
fn is_bare_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('"')
        && name.trim() == name
        && !name.contains(steers_terminal)
        && first_clause(name).is_none()
}

/// Where the first clause of a text begins, at the space before it.
fn first_clause(text: &str) -> Option<usize> {
    let spaces = text.char_indices().filter(|(_, c)| *c == ' ');
    spaces.map(|(at, _)| at).find(|at| CLAUSES.iter().any(|clause| begins_with_word(&text[at + 1..], clause)))
}

fn begins_with_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(in_word))
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@')
}

/// A text, in quotes unless it is a single word without another meaning.
struct Word<'t>(&'t str);

impl Display for Word<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let is_bare = self.0.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && self.0.chars().all(|c| in_word(c) && !steers_terminal(c))
            && !RESERVED.contains(&self.0);
        if is_bare { f.write_str(self.0) } else { Quoted(self.0).fmt(f) }
    }
}

struct Quoted<'t>(&'t str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                c if steers_terminal(c) => {
                    c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(f, "\\u{unit:04x}"))?;
                }
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

/// Why a text does not name a set: what was expected, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityError {
    expected: &'static str,
    offset: usize,
}

impl IdentityError {
    /// The offset in the text, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl Display for IdentityError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at byte {}", self.expected, self.offset)
    }
}

impl std::error::Error for IdentityError {}

type Result<T, E = IdentityError> = std::result::Result<T, E>;

/// Reads the form that `Display` writes. Spaces may be repeated, and quotes may be added where they are not needed.
impl FromStr for Identity {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Identity> {
        let mut reader = Reader { text, rest: text };
        let name = reader.name()?;
        let mut query = Query::default();
        if reader.keyword(WHERE) {
            loop {
                query.conditions.push(reader.condition()?);
                if !reader.keyword("and") {
                    break;
                }
            }
        }
        if reader.keyword(SEARCH) {
            query.search = Some(reader.word()?);
        }
        if reader.keyword(ORDER_BY) {
            let column = reader.word()?;
            let descending = !reader.keyword("asc") && reader.keyword("desc");
            query.order = Some(Order { column, descending });
        }
        if reader.keyword(NATIVE) {
            query.native.push(reader.word()?);
            while reader.symbol(",") {
                query.native.push(reader.word()?);
            }
        }
        let hub = if reader.keyword(HUB) { Some(reader.word()?) } else { None };
        if !reader.rest.trim_start_matches(' ').is_empty() {
            return reader.expected("a clause or the end");
        }
        // diorama has these in the order of their texts; so do names of tables.
        query.native.sort();
        Ok(Identity { name, query, hub })
    }
}

struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn expected<T>(&self, expected: &'static str) -> Result<T> {
        Err(IdentityError { expected, offset: self.text.len() - self.rest.len() })
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn keyword(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start_matches(' ');
        let found = begins_with_word(rest, word);
        if found {
            self.rest = &rest[word.len()..];
        }
        found
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let rest = self.rest.trim_start_matches(' ').strip_prefix(symbol);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, symbol: &str, expected: &'static str) -> Result<()> {
        if self.symbol(symbol) { Ok(()) } else { self.expected(expected) }
    }

    fn name(&mut self) -> Result<String> {
        if self.rest.starts_with('"') {
            return self.quoted();
        }
        let end = first_clause(self.rest).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.trim().is_empty() {
            return self.expected("a name");
        }
        self.rest = rest;
        Ok(name.trim().to_owned())
    }

    fn take_word(&mut self) -> &'t str {
        let end = self.rest.find(|c| !in_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// A column or a text.
    fn word(&mut self) -> Result<String> {
        self.skip_spaces();
        if self.rest.starts_with('"') {
            return self.quoted();
        }
        match self.take_word() {
            "" => self.expected("a word, or text in quotes"),
            word => Ok(word.to_owned()),
        }
    }

    /// A text in quotes.
    fn quoted(&mut self) -> Result<String> {
        let mut texts = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
        match texts.next() {
            Some(Ok(text)) => {
                self.rest = &self.rest[texts.byte_offset()..];
                Ok(text)
            }
            _ => self.expected("text in quotes, as in JSON"),
        }
    }

    fn condition(&mut self) -> Result<Condition> {
        let column = self.word()?;
        let operator = self.operator()?;
        Ok(Condition { column, operator, value: self.value(MAX_DEPTH)? })
    }

    fn operator(&mut self) -> Result<Operator> {
        if self.keyword("not") {
            return if self.keyword("in") { Ok(Operator::NotIn) } else { self.expected("`in`") };
        }
        if self.keyword("in") {
            return Ok(Operator::In);
        }
        // The longer ones first.
        for (symbol, operator) in [
            ("!=", Operator::NotEqual),
            (">=", Operator::GreaterOrEqual),
            ("<=", Operator::LessOrEqual),
            ("=", Operator::Equal),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("~", Operator::Like),
        ] {
            if self.symbol(symbol) {
                return Ok(operator);
            }
        }
        self.expected("one of = != > >= < <= ~ in, not in")
    }

    fn value(&mut self, depth: usize) -> Result<Value> {
        self.skip_spaces();
        let Some(inside) = depth.checked_sub(1) else { return self.expected("fewer brackets") };
        if self.rest.starts_with('"') {
            return self.quoted().map(Value::Text);
        }
        if self.symbol("h'") {
            let end = self.rest.find('\'').unwrap_or(self.rest.len());
            let Some(bytes) = of_hex(&self.rest[..end]) else { return self.expected("hexadecimal digits") };
            self.rest = &self.rest[end..];
            self.expect("'", "a closing quote")?;
            return Ok(Value::Bytes(bytes));
        }
        if self.symbol("[") {
            let mut items = Vec::new();
            while !self.symbol("]") {
                if !items.is_empty() {
                    self.expect(",", "`,` or `]`")?;
                }
                items.push(self.value(inside)?);
            }
            return Ok(Value::Array(items));
        }
        if self.symbol("{") {
            let mut pairs = Vec::new();
            while !self.symbol("}") {
                if !pairs.is_empty() {
                    self.expect(",", "`,` or `}`")?;
                }
                let key = self.value(inside)?;
                self.expect(":", "`:`")?;
                pairs.push((key, self.value(inside)?));
            }
            return Ok(Value::Map(pairs));
        }
        self.bare_value(inside)
    }

    /// A number, a word, or a tag with its content.
    fn bare_value(&mut self, inside: usize) -> Result<Value> {
        let before = self.rest;
        let value = match self.take_word() {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "NaN" => Value::Float(f64::NAN.to_string()),
            "Infinity" => Value::Float(f64::INFINITY.to_string()),
            "-Infinity" => Value::Float(f64::NEG_INFINITY.to_string()),
            word if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => Value::Text(word.to_owned()),
            word => {
                if let Ok(tag) = word.parse()
                    && self.symbol("(")
                {
                    let content = self.value(inside)?;
                    self.expect(")", "`)`")?;
                    Value::Tag(tag, Box::new(content))
                } else if let Ok(integer) = word.parse() {
                    Value::Integer(integer)
                } else if word.contains(['.', 'e', 'E'])
                    && let Ok(float) = word.parse::<f64>()
                {
                    Value::Float(float.to_string())
                } else {
                    self.rest = before;
                    return self.expected("a value (text with a space or a leading digit needs quotes)");
                }
            }
        };
        Ok(value)
    }
}
