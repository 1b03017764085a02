//! What a user would write today: redb opened as vantage-live opens it, ciborium, `serde_json`.

use crate::BoxError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use indexmap::IndexMap;
use redb::{
    AccessGuard, Database, ReadTransaction, ReadableTable, ReadableTableMetadata, TableDefinition, TableHandle,
};
use serde_json::{Map, Value as Json, json};
use std::fs;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;
use vlive::Fixture;

type Value = ciborium::Value;
type Rows = IndexMap<String, IndexMap<String, Value>>;

/// The first argument of a run of this program that is the reference, in a process of its own.
pub const ARGUMENT: &str = "as-the-reference";

/// Runs what the rest of the arguments ask for, and prints it.
pub fn run(arguments: &[String]) -> Result<(), BoxError> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [command, folder, key @ ..] = arguments.as_slice() else { return Err("a command and a folder".into()) };
    let out = BufWriter::new(io::stdout().lock());
    let folder = Path::new(folder);
    match (*command, key) {
        ("ls", []) => ls(folder, out),
        ("ages", []) => ages(folder, out),
        ("dump", []) => dump(folder, out),
        ("dump", [key]) => dump_one(folder, key, out),
        ("ls-sets", []) => ls_sets(folder, out),
        ("dump-sets", []) => dump_sets(folder, out),
        ("load", [document]) => load(folder, Path::new(document)),
        _ => Err("an unknown command".into()),
    }
}

fn ls(folder: &Path, mut out: impl Write) -> Result<(), BoxError> {
    let mut sums = IndexMap::new();
    scan(folder, |table, _, value| {
        let (fetched_at, rows) = decode(value)?;
        let (entries, count, bytes, newest, oldest) =
            sums.entry(table.to_owned()).or_insert((0, 0, 0, i64::MIN, i64::MAX));
        *entries += 1;
        *count += rows.len();
        *bytes += value.len();
        *newest = fetched_at.max(*newest);
        *oldest = fetched_at.min(*oldest);
        Ok(())
    })?;
    for (cache_key, (entries, rows, bytes, newest, oldest)) in sums {
        writeln!(out, "{cache_key}  {entries}  {rows}  {bytes}  {newest}  {oldest}")?;
    }
    Ok(out.flush()?)
}

fn ages(folder: &Path, mut out: impl Write) -> Result<(), BoxError> {
    scan(folder, |table, sub_key, value| {
        let (fetched_at, rows) = decode(value)?;
        Ok(writeln!(out, "{table}/{sub_key}  {fetched_at}  {}  {}", rows.len(), value.len())?)
    })?;
    Ok(out.flush()?)
}

fn dump(folder: &Path, mut out: impl Write) -> Result<(), BoxError> {
    let mut before = "{";
    scan(folder, |table, sub_key, value| {
        write!(out, "{before}\n{}: ", json!(format!("{table}/{sub_key}")))?;
        before = ",";
        Ok(serde_json::to_writer_pretty(&mut out, &envelope(value)?)?)
    })?;
    writeln!(out, "\n}}")?;
    Ok(out.flush()?)
}

/// Each set, with its rows, bytes and times.
fn ls_sets(folder: &Path, mut out: impl Write) -> Result<(), BoxError> {
    let database = open(folder)?;
    let transaction = database.begin_read()?;
    for set in sets(&transaction)? {
        let table = transaction.open_table(definition(&set))?;
        let (mut rows, mut bytes) = (0, 0);
        for row in table.iter()? {
            let value = row?.1;
            decode_row(value.value())?;
            rows += 1;
            bytes += value.value().len();
        }
        writeln!(out, "{set}  {rows}  {bytes}  {:?}", numbers(&transaction, &set)?)?;
    }
    Ok(out.flush()?)
}

/// Each set as an object of its numbers and rows.
fn dump_sets(folder: &Path, mut out: impl Write) -> Result<(), BoxError> {
    let database = open(folder)?;
    let transaction = database.begin_read()?;
    let mut before = "{";
    for set in sets(&transaction)? {
        write!(out, "{before}\n{}: {{\n\"layout\": \"diorama\"", json!(set))?;
        before = ",";
        for (name, number) in numbers(&transaction, &set)? {
            write!(out, ",\n{}: {number}", json!(name))?;
        }
        write!(out, ",\n\"rows\": ")?;
        let mut before = "{";
        for row in transaction.open_table(definition(&set))?.iter()? {
            let (id, value) = row?;
            write!(out, "{before}\n{}: ", json!(id.value()))?;
            before = ",";
            let fields = decode_row(value.value())?.into_iter().map(|(name, value)| (name, json(value)));
            serde_json::to_writer_pretty(&mut out, &Json::Object(fields.collect()))?;
        }
        write!(out, "\n}}\n}}")?;
    }
    writeln!(out, "\n}}")?;
    Ok(out.flush()?)
}

/// The names of the tables with the rows of vantage-diorama.
fn sets(transaction: &ReadTransaction) -> Result<Vec<String>, BoxError> {
    let names = transaction.list_tables()?.map(|table| table.name().to_owned());
    Ok(names.filter(|name| !name.contains('\u{1}')).collect())
}

/// What the meta table of a set holds.
fn numbers(transaction: &ReadTransaction, set: &str) -> Result<Vec<(String, u64)>, BoxError> {
    let table = transaction.open_table(definition(&format!("{set}\u{1}meta")))?;
    let pair = |pair: Result<(AccessGuard<'_, &str>, AccessGuard<'_, &[u8]>), redb::StorageError>| {
        let (name, number) = pair?;
        Ok((name.value().to_owned(), u64::from_le_bytes(number.value().try_into()?)))
    };
    table.iter()?.map(pair).collect()
}

/// The fields of a row, which a status byte precedes, as vantage-diorama decodes them.
fn decode_row(value: &[u8]) -> Result<IndexMap<String, Value>, BoxError> {
    let (_, fields) = value.split_first().ok_or("an empty row")?;
    let Value::Map(fields) = ciborium::from_reader(fields)? else { return Err("the row is no map".into()) };
    fields.into_iter().map(|(name, value)| Ok((name.into_text().map_err(|_| "a field's name")?, value))).collect()
}

/// The envelope under one key, as pretty JSON.
pub fn dump_one(folder: &Path, key: &str, mut out: impl Write) -> Result<(), BoxError> {
    let (cache_key, sub_key) = key.split_once('/').ok_or("a full key")?;
    let transaction = open(folder)?.begin_read()?;
    let table = transaction.open_table(definition(&format!("__vlive__{cache_key}")))?;
    let value = table.get(sub_key)?.ok_or("no such entry")?;
    serde_json::to_writer_pretty(&mut out, &envelope(value.value())?)?;
    Ok(out.flush()?)
}

/// The entries of a document, into a new cache.
fn load(folder: &Path, document: &Path) -> Result<(), BoxError> {
    let document: Json = serde_json::from_reader(BufReader::new(fs::File::open(document)?))?;
    let Json::Object(entries) = document else { return Err("a document".into()) };
    fs::create_dir_all(folder)?;
    let database = open(folder)?;
    let transaction = database.begin_write()?;
    for (key, envelope) in entries {
        let (cache_key, sub_key) = key.split_once('/').ok_or("a full key")?;
        let Json::Object(mut envelope) = envelope else { return Err("an envelope".into()) };
        let [fetched_at, rows] = ["fetched_at", "rows"].map(|name| envelope.remove(name).unwrap_or_default());
        let envelope = [("fetched_at", cbor(fetched_at)?), ("rows", cbor(rows)?)];
        let envelope = envelope.map(|(name, value)| (name.into(), value)).to_vec();
        let mut value = Vec::new();
        ciborium::into_writer(&Value::Map(envelope), &mut value)?;
        transaction.open_table(definition(&format!("__vlive__{cache_key}")))?.insert(sub_key, value.as_slice())?;
    }
    Ok(transaction.commit()?)
}

/// The entries of a fixture as they are, into a new cache; the least that redb has to do.
pub fn insert(folder: &Path, fixture: &Fixture) -> Result<(), BoxError> {
    fs::create_dir_all(folder)?;
    let database = open(folder)?;
    let transaction = database.begin_write()?;
    let mut entries = fixture.entries().peekable();
    while let Some(first) = entries.peek().map(|entry| entry.key().cache_key()) {
        let mut table = transaction.open_table(definition(&format!("__vlive__{first}")))?;
        while let Some(entry) = entries.next_if(|entry| entry.key().cache_key() == first) {
            table.insert(entry.key().sub_key(), entry.value()?.as_slice())?;
        }
    }
    Ok(transaction.commit()?)
}

/// As vantage-live does it.
fn open(folder: &Path) -> Result<Database, BoxError> {
    Ok(Database::create(folder.join("vlive.redb"))?)
}

fn definition(name: &str) -> TableDefinition<'_, &'static str, &'static [u8]> {
    TableDefinition::new(name)
}

/// Every entry: cache key, sub-key and value.
fn scan(folder: &Path, mut visit: impl FnMut(&str, &str, &[u8]) -> Result<(), BoxError>) -> Result<(), BoxError> {
    let database = open(folder)?;
    let transaction = database.begin_read()?;
    for handle in transaction.list_tables()? {
        let Some(cache_key) = handle.name().strip_prefix("__vlive__") else { continue };
        let table = transaction.open_table(definition(handle.name()))?;
        if table.is_empty()? {
            continue;
        }
        for entry in table.iter()? {
            let (sub_key, value) = entry?;
            visit(cache_key, sub_key.value(), value.value())?;
        }
    }
    Ok(())
}

/// `fetched_at` and the rows, as vantage-live decodes them.
pub fn decode(value: &[u8]) -> Result<(i64, Rows), BoxError> {
    let Value::Map(pairs) = ciborium::from_reader(value)? else { return Err("the envelope is no map".into()) };
    let mut fetched_at = 0;
    let mut rows = Rows::new();
    for pair in pairs {
        match pair {
            (Value::Text(key), Value::Integer(seconds)) if key == "fetched_at" => {
                fetched_at = i64::try_from(seconds).unwrap_or(0);
            }
            (Value::Text(key), Value::Map(pairs)) if key == "rows" => {
                for (id, row) in pairs {
                    let (Value::Text(id), row) = (id, row) else { continue };
                    let fields = row.into_map().unwrap_or_default().into_iter();
                    let fields = fields.filter_map(|(name, value)| Some((name.into_text().ok()?, value)));
                    rows.insert(id, fields.collect());
                }
            }
            _ => {}
        }
    }
    Ok((fetched_at, rows))
}

/// An envelope as JSON.
pub fn envelope(value: &[u8]) -> Result<Json, BoxError> {
    let (fetched_at, rows) = decode(value)?;
    let row =
        |fields: IndexMap<_, _>| Json::Object(fields.into_iter().map(|(name, value)| (name, json(value))).collect());
    let rows: Map<_, _> = rows.into_iter().map(|(id, fields)| (id, row(fields))).collect();
    Ok(json!({ "fetched_at": fetched_at, "rows": rows }))
}

/// The same mapping as `vlive dump`, as far as the rows of the comparison need it.
fn json(value: Value) -> Json {
    match value {
        Value::Integer(integer) => {
            i64::try_from(integer).map_or_else(|_| json!(u64::try_from(integer).ok()), Json::from)
        }
        Value::Bytes(bytes) => json!({ "$bytes": BASE64.encode(bytes) }),
        Value::Float(float) => json!(float),
        Value::Text(text) => Json::String(text),
        Value::Bool(bool) => Json::Bool(bool),
        Value::Tag(tag, content) => json!({ "$tag": [tag, json(*content)] }),
        Value::Array(values) => values.into_iter().map(json).collect(),
        Value::Map(pairs) => {
            let pairs = pairs.into_iter().filter_map(|(key, value)| Some((key.into_text().ok()?, json(value))));
            Json::Object(pairs.collect())
        }
        _ => Json::Null,
    }
}

/// Back from it.
fn cbor(json: Json) -> Result<Value, BoxError> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(bool),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(integer), _) => integer.into(),
            (_, Some(integer)) => integer.into(),
            _ => number.as_f64().ok_or("a float")?.into(),
        },
        Json::String(text) => Value::Text(text),
        Json::Array(values) => Value::Array(values.into_iter().map(cbor).collect::<Result<_, _>>()?),
        Json::Object(pairs) => {
            let mut pairs: Vec<_> = pairs.into_iter().collect();
            match pairs.as_mut_slice() {
                [(name, Json::String(text))] if name == "$bytes" => Value::Bytes(BASE64.decode(text)?),
                [(name, Json::Array(tag))] if name == "$tag" && tag.len() == 2 => {
                    let content = cbor(tag.pop().unwrap_or_default())?;
                    Value::Tag(tag[0].as_u64().ok_or("a tag")?, Box::new(content))
                }
                _ => {
                    let pairs = pairs.into_iter().map(|(name, value)| Ok((name.into(), cbor(value)?)));
                    Value::Map(pairs.collect::<Result<_, BoxError>>()?)
                }
            }
        }
    })
}
