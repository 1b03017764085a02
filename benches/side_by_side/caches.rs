//! The caches to compare on: made once, of rows as real backends return them, always the same.

use crate::BoxError;
use ciborium::Value;
use redb::{Database, Durability, TableDefinition};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use vlive::diorama::identity;
use vlive::diorama::meta::MetaKey;
use vlive::diorama::row::{self, Status};
use vlive::live::Envelope;
use vlive::{Cache, CachedRows, Record};

/// The entry that single dumps and puts are about; as large in `small` as in `large`.
pub const ENTRY: &str = "clients/page_7";

/// Bytes of values in one transaction of the generator.
const TRANSACTION: usize = 64 * 1024 * 1024;

/// Makes a row of this number: its id and its fields.
type Shape = fn(&mut Random, u64) -> (String, Record);

/// Folders, each with a cache.
pub struct Caches {
    /// 10,000 entries of 100 rows.
    pub large: PathBuf,
    /// 500,000 entries of one row.
    pub many: PathBuf,
    /// 30 entries of 100 rows, in a file of about 4 MB.
    pub small: PathBuf,
    /// No entries; there was one.
    pub empty: PathBuf,
    /// The rows of `large` in three sets of vantage-diorama.
    pub sets: PathBuf,
    /// A few of these rows.
    pub small_sets: PathBuf,
    /// The rows of `many` likewise.
    pub many_sets: PathBuf,
}

impl Caches {
    /// The caches of this size below `folder`; those that are missing are made.
    pub fn prepare(folder: &Path, scale: f64) -> Result<Caches, BoxError> {
        let folder = folder.join(format!("scale-{scale}"));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, about")]
        let scaled = |entries: f64| (entries * scale).max(30.0) as u64;
        Ok(Caches {
            large: prepare(&folder, "large", |file| generate(file, scaled(10_000.0), 100))?,
            many: prepare(&folder, "many", |file| generate(file, scaled(500_000.0), 1))?,
            small: prepare(&folder, "small", |file| generate(file, 30, 100))?,
            empty: prepare(&folder, "empty", |file| {
                generate(file, 1, 1)?;
                Cache::open(file)?.invalidate(&vlive::ops::Scope::all())?;
                Ok(())
            })?,
            sets: prepare(&folder, "sets", |file| generate_sets(file, scaled(10_000.0) * 100))?,
            small_sets: prepare(&folder, "small-sets", |file| generate_sets(file, 3000))?,
            many_sets: prepare(&folder, "many-sets", |file| generate_sets(file, scaled(500_000.0)))?,
        })
    }
}

fn prepare(parent: &Path, name: &str, make: impl FnOnce(&Path) -> Result<(), BoxError>) -> Result<PathBuf, BoxError> {
    let done = parent.join(name);
    if !done.exists() {
        eprintln!("making `{name}`");
        let unfinished = parent.join(format!("{name}.unfinished"));
        let _ = fs::remove_dir_all(&unfinished);
        fs::create_dir_all(&unfinished)?;
        make(&unfinished.join("vlive.redb"))?;
        fs::rename(&unfinished, &done)?;
    }
    Ok(done)
}

const SHAPES: [(&str, Shape); 3] = [("clients", client), ("orders", order), ("products", product)];

/// As vantage-diorama writes whole copies of sets: a table of rows, and one of numbers.
fn generate_sets(file: &Path, rows: u64) -> Result<(), BoxError> {
    let database = Database::create(file)?;
    let mut random = Random(rows);
    for (n, (name, row)) in (0..).zip(SHAPES) {
        let mut ids = (n..rows).step_by(SHAPES.len()).peekable();
        let total = (rows - n).div_ceil(SHAPES.len() as u64);
        while ids.peek().is_some() {
            let mut transaction = database.begin_write()?;
            transaction.set_durability(Durability::Eventual);
            let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(name))?;
            let mut written = 0;
            while written < TRANSACTION
                && let Some(id) = ids.next()
            {
                let (id, fields) = row(&mut random, id);
                let value = row::encode(&fields, Status::Complete);
                written += value.len();
                table.insert(id.as_str(), value.as_slice())?;
            }
            drop(table);
            let meta = identity::meta_table(name);
            let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(&meta))?;
            let copied = 1_770_000_000_000_000_000_u64;
            for (key, number) in [(MetaKey::Total, total), (MetaKey::RefreshedAt, copied), (MetaKey::CopiedAt, copied)]
            {
                table.insert(key.name(), &number.to_le_bytes()[..])?;
            }
            drop(table);
            transaction.commit()?;
        }
    }
    Ok(())
}

fn generate(file: &Path, entries: u64, rows: u64) -> Result<(), BoxError> {
    let database = Database::create(file)?;
    let mut random = Random(entries);
    for (n, (cache_key, row)) in (0..).zip(SHAPES) {
        let name = format!("__vlive__{cache_key}");
        let mut pages = (n..entries).step_by(SHAPES.len()).zip(1..).peekable();
        while pages.peek().is_some() {
            let mut transaction = database.begin_write()?;
            // The last commit, the one of closing, puts everything on disk.
            transaction.set_durability(Durability::Eventual);
            let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(&name))?;
            let mut written = 0;
            while written < TRANSACTION
                && let Some((_, page)) = pages.next()
            {
                let rows = CachedRows {
                    fetched_at: UNIX_EPOCH + Duration::from_secs(1_770_000_000 + page * 7),
                    rows: (page * rows..(page + 1) * rows).map(|id| row(&mut random, id)).collect(),
                };
                let envelope = Envelope::encode(&rows);
                written += envelope.bytes().len();
                table.insert(format!("page_{page}").as_str(), envelope.bytes())?;
            }
            drop(table);
            transaction.commit()?;
        }
    }
    Ok(())
}

/// As `SurrealDB` returns it: everything that is not JSON is a tag.
fn client(random: &mut Random, id: u64) -> (String, Record) {
    let link = |table: &str, id: &str| tag(8, Value::Array(vec![text(table), text(id)]));
    let id = format!("{:08x}{id:08x}", random.below(1 << 32));
    let lines = (0..=random.below(3)).map(|_| {
        map([
            ("product", link("product", &random.hex(8))),
            ("quantity", integer(1 + random.below(9))),
            ("price", Value::Float(random.cents(100))),
        ])
    });
    let lines = lines.collect();
    let seconds = 1_600_000_000 + random.below(180_000_000);
    let geo = Value::Array(vec![Value::Float(random.cents(360) - 180.0), Value::Float(56.95)]);
    let record = record([
        ("id", link("client", &id)),
        ("name", text(&random.words(2))),
        ("balance", tag(10, text(&format!("{:.2}", random.cents(100_000))))),
        ("created_at", tag(12, Value::Array(vec![integer(seconds), integer(random.below(1_000_000_000))]))),
        ("deleted_at", tag(6, Value::Null)),
        ("uid", tag(37, Value::Bytes(random.next().to_be_bytes().repeat(2)))),
        ("lines", Value::Array(lines)),
        ("address", map([("city", text(random.word())), ("zip", text(&random.hex(5))), ("geo", tag(88, geo))])),
        ("active", Value::Bool(random.below(4) > 0)),
        ("comment", text(&random.words(16))),
    ]);
    (format!("client:{id}"), record)
}

/// As Postgres returns it: decimals, dates and uuids are text below a tag.
fn order(random: &mut Random, id: u64) -> (String, Record) {
    let time = random.time(' ');
    let uid = format!("{}-{}-{}-{}", random.hex(8), random.hex(4), random.hex(4), random.hex(12));
    let paid = random.below(3) > 0;
    let meta = map([
        ("src", text(["web", "till", "phone"][random.index(3)])),
        ("n", integer(random.below(1000))),
        ("ratio", Value::Float(random.cents(10) / 7.0)),
        ("nested", Value::Array(vec![Value::Null, Value::Bool(true), map([("k", Value::Null)])])),
    ]);
    let record = record([
        ("id", integer(id)),
        ("description", text(&random.words(22))),
        ("total", tag(10, text(&format!("{:.2}", random.cents(100_000))))),
        ("created_at", tag(0, text(&format!("{time}.564390+00")))),
        ("due", tag(100, text(&time[..10]))),
        ("uid", tag(9, text(&uid))),
        ("meta", meta),
        ("note", if paid { Value::Null } else { text(&random.words(12)) }),
        ("is_paid", Value::Bool(paid)),
        ("weight", Value::Float(random.cents(5000) / 3.0)),
    ]);
    (id.to_string(), record)
}

/// As a REST service returns it: JSON's own types.
fn product(random: &mut Random, id: u64) -> (String, Record) {
    let id = format!("SKU-{id:07}");
    let tags = (0..random.below(4)).map(|_| text(random.word())).collect();
    let record = record([
        ("id", text(&id)),
        ("name", text(&random.words(4))),
        ("price", Value::Float(random.cents(200))),
        ("inStock", Value::Bool(random.below(5) > 0)),
        ("comment", text(&random.words(22))),
        ("views", integer(random.next() >> random.below(60))),
        ("size", map([("width", Value::Float(random.cents(50))), ("unit", text("cm"))])),
        ("tags", Value::Array(tags)),
        ("image", text(&format!("https://cdn.example.com/products/{}/{}.webp", random.hex(2), random.hex(24)))),
        ("updatedAt", text(&format!("{}Z", random.time('T')))),
    ]);
    (id, record)
}

fn record<const N: usize>(fields: [(&str, Value); N]) -> Record {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn map<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    Value::Map(pairs.into_iter().map(|(key, value)| (text(key), value)).collect())
}

fn tag(tag: u64, content: Value) -> Value {
    Value::Tag(tag, Box::new(content))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn integer(integer: u64) -> Value {
    Value::Integer(integer.into())
}

const WORDS: [&str; 24] = [
    "apple",
    "brioche",
    "café",
    "donut",
    "éclair",
    "focaccia",
    "Größe",
    "hazelnut",
    "jam",
    "Łódź",
    "naan",
    "olive",
    "pretzel",
    "quiche",
    "rye",
    "scone",
    "tart",
    "udon",
    "vanilla",
    "waffle",
    "\"xmas\"",
    "yeast",
    "line\nbreak",
    "大福",
];

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).expect("below a size")
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.index(WORDS.len())]
    }

    fn words(&mut self, count: usize) -> String {
        let words: Vec<&str> = (0..count).map(|_| self.word()).collect();
        words.join(" ")
    }

    fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[self.index(16)])).collect()
    }

    /// An amount below `bound`, with two digits behind the point.
    #[expect(clippy::cast_precision_loss, reason = "it is small")]
    fn cents(&mut self, bound: u64) -> f64 {
        self.below(bound * 100) as f64 / 100.0
    }

    fn time(&mut self, between: char) -> String {
        let [year, month, day] = [2010 + self.below(16), 1 + self.below(12), 1 + self.below(28)];
        let [hour, minute, second] = [self.below(24), self.below(60), self.below(60)];
        format!("{year}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}")
    }
}
