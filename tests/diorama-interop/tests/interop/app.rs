//! An app of vantage-diorama: a set of two rows whose `resources` come from a second source.

use ciborium::Value;
use redb::{Database, ReadableTable, TableDefinition};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use vantage_dataset::prelude::ReadableValueSet;
use vantage_diorama::{
    Augmentation, Cache, Detail, Dio, Fetch, Lens, LoadState, MergeRule, Refresher, Source, TableScenery, Tuning,
};
use vantage_types::Record;
use vantage_vista::mocks::MockShell;
use vantage_vista::{Column, Vista, VistaMetadata};

pub const TABLE: &str = "buckets";
pub const META: &str = "buckets\u{1}meta";

const HOUR: Duration = Duration::from_secs(3600);

pub fn record(pairs: &[(&str, &str)]) -> Record<Value> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::Text((*value).to_owned()))).collect()
}

pub fn columns(names: &[&str]) -> VistaMetadata {
    let column = |name: &&str| {
        let column = Column::new(*name, "String");
        if *name == "id" { column.with_flag("id") } else { column }
    };
    names.iter().map(column).fold(VistaMetadata::new(), VistaMetadata::with_column).with_id_column("id")
}

/// What the app shows after it has started on a cache.
#[derive(Debug, PartialEq)]
pub struct Shown {
    /// The ids of the rows, or the texts of the field that was asked for.
    pub rows: Vec<String>,
    /// Whether it asked its source for them.
    pub fetched: bool,
    /// What `cached()` lists, if it can be listed.
    pub cached: Result<usize, String>,
}

/// Runs the app on the cache in `file` until it shows its set whole, and ends it: with its runtime
/// goes all that keeps the file open.
pub fn run(file: &Path, max_age: bool) -> Shown {
    run_showing("id", file, max_age)
}

/// The same with the texts of another field.
pub fn run_showing(field: &str, file: &Path, max_age: bool) -> Shown {
    tokio::runtime::Runtime::new().unwrap().block_on(show(field, file, max_age))
}

async fn show(field: &str, file: &Path, max_age: bool) -> Shown {
    let master = MockShell::new()
        .with_record("us", record(&[("id", "us"), ("size", "4kb")]))
        .with_record("eu", record(&[("id", "eu"), ("size", "7kb")]))
        .with_metadata(columns(&["id", "size"]));
    let details = MockShell::new()
        .with_record("us", record(&[("id", "us"), ("resources", "42")]))
        .with_record("eu", record(&[("id", "eu"), ("resources", "8")]))
        .with_metadata(columns(&["id", "resources"]));
    let lens = Lens::builder()
        .cache(Cache::redb(file))
        .tuning(Tuning::default().with_viewport_debounce(Duration::from_millis(1)));
    let lens = if max_age { lens.refresher(Refresher::new(|_| async { Ok(()) }).max_age(HOUR)) } else { lens };
    let lens = lens.build().unwrap();
    let detail = Augmentation::new(
        Detail::Fixed(Arc::new(Vista::new("details", details))),
        Source::Id,
        Fetch::PerRow,
        MergeRule::lift(["resources"]),
    );
    let dio = lens.dio(Vista::new(TABLE, master.clone())).augment(vec![detail]).build().await.unwrap();
    let view = listed(&dio).await;
    let text = |n| match view.row(n).expect("it is there").record.get(field) {
        Some(Value::Text(text)) => text.clone(),
        other => panic!("a text: {other:?}"),
    };
    let mut rows: Vec<_> = (0..view.row_count()).map(text).collect();
    rows.sort();
    let calls = master.calls();
    let cached = dio.cached().list_values().await.map(|rows| rows.len()).map_err(|error| error.to_string());
    Shown { rows, fetched: calls.list + calls.fetch_window > 0, cached }
}

async fn listed(dio: &Dio) -> Arc<dyn TableScenery> {
    let view = dio.table_scenery().page_size(50).open().await.unwrap();
    // A bound for a test that fails; one that passes waits a few milliseconds.
    for _ in 0..6000 {
        if matches!(view.load_state(), LoadState::Complete) {
            return view;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the app never shows its set: {:?}", view.load_state());
}

pub const fn table(name: &str) -> TableDefinition<'_, &'static str, &'static [u8]> {
    TableDefinition::new(name)
}

/// All pairs of a table; none where there is no such table.
pub fn pairs(file: &Path, name: &str) -> Vec<(String, Vec<u8>)> {
    let db = Database::open(file).unwrap();
    let transaction = db.begin_read().unwrap();
    let Ok(table) = transaction.open_table(table(name)) else { return Vec::new() };
    let pair = |pair: Result<(redb::AccessGuard<'_, &str>, redb::AccessGuard<'_, &[u8]>), _>| {
        let (key, value) = pair.unwrap();
        (key.value().to_owned(), value.value().to_owned())
    };
    table.iter().unwrap().map(pair).collect()
}
