//! Queries in names of tables: `c<list>q<option>s<option>n<list>`, with its length before every text, so that a name
//! can be decoded in one way only.

use std::fmt::Write as _;

/// How many levels of lists, maps and tags are decoded in the value of a condition. Deeper values are made to exhaust
/// the stack; they have no readable form.
const MAX_DEPTH: usize = 32;

/// What narrows and orders a set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) conditions: Vec<Condition>,
    pub(crate) search: Option<String>,
    pub(crate) order: Option<Order>,
    /// The names of conditions that only a driver understands.
    pub(crate) native: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) column: String,
    pub(crate) operator: Operator,
    pub(crate) value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) column: String,
    pub(crate) descending: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    In,
    NotIn,
    Like,
}

impl Operator {
    /// Every operator with its symbol in a name.
    pub(crate) const SYMBOLS: [(Operator, &'static str); 9] = [
        (Operator::Equal, "="),
        (Operator::NotEqual, "!="),
        (Operator::Greater, ">"),
        (Operator::GreaterOrEqual, ">="),
        (Operator::Less, "<"),
        (Operator::LessOrEqual, "<="),
        (Operator::In, "in"),
        (Operator::NotIn, "!in"),
        (Operator::Like, "~"),
    ];

    fn of_symbol(symbol: &str) -> Option<Operator> {
        Self::SYMBOLS.into_iter().find(|(_, own)| *own == symbol).map(|(operator, _)| operator)
    }

    pub(crate) fn symbol(self) -> &'static str {
        let found = Self::SYMBOLS.into_iter().find(|(operator, _)| *operator == self);
        found.expect("every operator has a symbol").1
    }
}

/// A value that a column is compared with. Numbers are kept as the name has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    /// As Rust prints it, since a NaN does not equal itself.
    Float(String),
    Text(String),
    Bytes(Vec<u8>),
    Tag(u64, Box<Value>),
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
}

impl Query {
    /// Whether there is no clause of any kind. The name of a table then has no query.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Query::default()
    }

    /// Decodes the text between `?` and `#`, after unescaping. This also accepts text that diorama would write
    /// differently; whoever must know encodes the result again.
    pub(crate) fn of_key(key: &str) -> Option<Query> {
        let mut parts = Parts(key);
        let conditions = parts.tagged('c')?.list(|item| {
            let mut parts = Parts(item);
            let column = parts.part()?.to_owned();
            let operator = Operator::of_symbol(parts.part()?)?;
            let value = Value::of_key(parts.part()?, MAX_DEPTH)?;
            parts.end()?;
            Some(Condition { column, operator, value })
        })?;
        let search = parts.tagged('q')?.option(|search| Some(search.to_owned()))?;
        let order = parts.tagged('s')?.option(|order| {
            let mut parts = Parts(order);
            let column = parts.part()?.to_owned();
            let descending = match parts.part()? {
                "asc" => false,
                "desc" => true,
                _ => return None,
            };
            parts.end()?;
            Some(Order { column, descending })
        })?;
        let native = parts.tagged('n')?.list(|item| Some(item.to_owned()))?;
        parts.end()?;
        Some(Query { conditions, search, order, native })
    }

    /// The query as it stands in a name, before escaping.
    pub(crate) fn key(&self) -> String {
        let mut key = String::from("c");
        let condition = |condition: &Condition| {
            let mut item = String::new();
            push_part(&mut item, &condition.column);
            push_part(&mut item, condition.operator.symbol());
            push_part(&mut item, &condition.value.key());
            item
        };
        push_list(&mut key, sorted(self.conditions.iter().map(condition)));
        key.push('q');
        push_option(&mut key, self.search.as_deref());
        key.push('s');
        let order = self.order.as_ref().map(|order| {
            let mut item = String::new();
            push_part(&mut item, &order.column);
            push_part(&mut item, if order.descending { "desc" } else { "asc" });
            item
        });
        push_option(&mut key, order.as_deref());
        key.push('n');
        push_list(&mut key, sorted(self.native.iter().cloned()));
        key
    }
}

impl Value {
    fn of_key(key: &str, depth: usize) -> Option<Value> {
        let inside = || depth.checked_sub(1);
        let tag = key.chars().next()?;
        let mut parts = Parts(&key[tag.len_utf8()..]);
        let value = match tag {
            'z' => Value::Null,
            'b' => Value::Bool(parts.part()?.parse().ok()?),
            'i' => Value::Integer(parts.part()?.parse().ok()?),
            'f' => Value::Float(parts.part()?.parse::<f64>().ok()?.to_string()),
            't' => Value::Text(parts.part()?.to_owned()),
            'x' => Value::Bytes(of_hex(parts.part()?)?),
            'g' => {
                let tag = parts.part()?.parse().ok()?;
                Value::Tag(tag, Box::new(Value::of_key(parts.part()?, inside()?)?))
            }
            'a' => {
                let depth = inside()?;
                Value::Array(parts.list(|item| Value::of_key(item, depth))?)
            }
            'm' => {
                let depth = inside()?;
                Value::Map(parts.list(|item| {
                    let mut parts = Parts(item);
                    let key = Value::of_key(parts.part()?, depth)?;
                    let value = Value::of_key(parts.part()?, depth)?;
                    parts.end()?;
                    Some((key, value))
                })?)
            }
            _ => return None,
        };
        parts.end()?;
        Some(value)
    }

    fn key(&self) -> String {
        let mut key = String::new();
        let mut simple = |tag: char, text: &str| {
            key.push(tag);
            push_part(&mut key, text);
        };
        match self {
            Value::Null => key.push('z'),
            Value::Bool(value) => simple('b', &value.to_string()),
            Value::Integer(value) => simple('i', &value.to_string()),
            Value::Float(value) => simple('f', value),
            Value::Text(value) => simple('t', value),
            Value::Bytes(value) => simple('x', &hex(value)),
            Value::Tag(tag, content) => {
                simple('g', &tag.to_string());
                push_part(&mut key, &content.key());
            }
            Value::Array(items) => {
                key.push('a');
                push_list(&mut key, items.iter().map(Value::key).collect());
            }
            Value::Map(pairs) => {
                key.push('m');
                let pair = |(name, value): &(Value, Value)| {
                    let mut item = String::new();
                    push_part(&mut item, &name.key());
                    push_part(&mut item, &value.key());
                    item
                };
                push_list(&mut key, sorted(pairs.iter().map(pair)));
            }
        }
        key
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("text is written to memory");
        hex
    })
}

pub(crate) fn of_hex(hex: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

fn push_part(out: &mut String, text: &str) {
    write!(out, "{}:{text}", text.len()).expect("text is written to memory");
}

fn push_list(out: &mut String, items: Vec<String>) {
    push_part(out, &items.len().to_string());
    for item in items {
        push_part(out, &item);
    }
}

fn push_option(out: &mut String, text: Option<&str>) {
    match text {
        None => out.push('-'),
        Some(text) => {
            out.push('+');
            push_part(out, text);
        }
    }
}

fn sorted(items: impl Iterator<Item = String>) -> Vec<String> {
    let mut items: Vec<_> = items.collect();
    items.sort();
    items
}

/// The rest of a text that consists of parts.
struct Parts<'t>(&'t str);

impl<'t> Parts<'t> {
    /// Skips the letter that says what follows.
    fn tagged(&mut self, tag: char) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(tag)?;
        Some(self)
    }

    fn part(&mut self) -> Option<&'t str> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (len, rest) = self.0.split_at(digits);
        let (text, rest) = rest.strip_prefix(':')?.split_at_checked(len.parse().ok()?)?;
        self.0 = rest;
        Some(text)
    }

    #[expect(clippy::option_option, reason = "the outer one is whether it can be read")]
    fn option<T>(&mut self, item: impl FnOnce(&'t str) -> Option<T>) -> Option<Option<T>> {
        if let Some(rest) = self.0.strip_prefix('-') {
            self.0 = rest;
            return Some(None);
        }
        self.0 = self.0.strip_prefix('+')?;
        Some(Some(item(self.part()?)?))
    }

    fn list<T>(&mut self, mut item: impl FnMut(&'t str) -> Option<T>) -> Option<Vec<T>> {
        let len: usize = self.part()?.parse().ok()?;
        // No memory is reserved for it: it can be any number.
        let mut items = Vec::new();
        for _ in 0..len {
            items.push(item(self.part()?)?);
        }
        Some(items)
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
