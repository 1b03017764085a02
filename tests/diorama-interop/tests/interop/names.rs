//! Names of tables as diorama gives them, and what vlive makes of these.

use vantage_diorama::{Cache, CacheBackend, ChangeEvent, Lens, MemoryCache};
use vantage_vista::mocks::MockShell;
use vantage_vista::{Condition, FilterOp, SortDirection, Vista, VistaQuery};
use vlive::diorama::identity::Identity;

use crate::app::{columns, record};
use crate::random::Random;
use std::sync::Arc;

const OPERATORS: [FilterOp; 9] = [
    FilterOp::Eq,
    FilterOp::Ne,
    FilterOp::Gt,
    FilterOp::Gte,
    FilterOp::Lt,
    FilterOp::Lte,
    FilterOp::InSet,
    FilterOp::NotInSet,
    FilterOp::Like,
];

fn query(random: &mut Random) -> VistaQuery {
    let mut query = VistaQuery::new();
    for _ in 0..random.below(4) {
        let (column, operator) = (random.text(), OPERATORS[random.below(OPERATORS.len())]);
        query = query.with_condition(Condition::new(column, operator, random.value(3)));
    }
    if random.below(3) == 0 {
        query = query.with_search(random.text());
    }
    if random.below(3) == 0 {
        let direction = if random.below(2) == 0 { SortDirection::Ascending } else { SortDirection::Descending };
        query = query.with_order(random.text(), direction);
    }
    for _ in 0..random.below(3) {
        query.native.push(random.text());
    }
    query
}

/// The table of a set: as diorama escapes it, which it does not offer by itself.
fn table(name: &str, query: &VistaQuery, hub: Option<&str>) -> String {
    let escaped = |text: &str, separators: &str| {
        let escape = |c: char| {
            if c != '%' && !c.is_control() && !separators.contains(c) {
                return c.to_string();
            }
            c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
        };
        text.chars().map(escape).collect::<String>()
    };
    let query = if query.is_empty() { String::new() } else { format!("?{}", escaped(&query.key(), "#")) };
    escaped(name, "?#") + &query + &hub.map(|hub| format!("#{}", escaped(hub, ""))).unwrap_or_default()
}

#[test]
fn random_queries_are_decoded_and_read_back_from_their_readable_form() {
    let mut random = Random::new(7);
    for round in 0..5000 {
        let (name, query) = (random.text(), query(&mut random));
        let hub = (random.below(3) == 0).then(|| random.text());
        let table = table(&name, &query, hub.as_deref());
        let identity = Identity::of_table(&table).unwrap_or_else(|| panic!("round {round}: {table}"));
        assert_eq!(identity.name(), name);
        let shown = identity.to_string();
        let read: Identity = shown.parse().unwrap_or_else(|error| panic!("round {round}: {shown}: {error}"));
        assert_eq!(read.table(), table, "round {round}: {shown}");
    }
}

#[tokio::test]
async fn the_tables_of_a_real_app_have_readable_names() {
    let backend = Arc::new(MemoryCache::new());
    let lens = Lens::builder().cache(Cache::backend(backend.clone())).build().unwrap();
    let vista = |name| Vista::new(name, MockShell::new().with_metadata(columns(&["id", "team"])));
    let whole = lens.dio(vista("clients")).build().await.unwrap();
    let red = VistaQuery::new().with_condition(Condition::new("team", FilterOp::Eq, "red"));
    let narrowed = whole.derive().with_query(&red).build().await.unwrap();
    let apart = lens.dio(vista("50%?off#x/y")).hub("session 7").build().await.unwrap();
    for dio in [whole, narrowed, apart] {
        let row = record(&[("id", "a"), ("team", "red")]);
        dio.apply_change(ChangeEvent::Inserted { id: "a".into(), new: Some(row) }).await.unwrap();
    }
    let mut shown: Vec<_> = backend.list_tables().await.unwrap();
    for table in &mut shown {
        *table = Identity::of_table(table).expect("diorama wrote it").to_string();
    }
    shown.sort();
    assert_eq!(shown, ["50%?off#x/y hub \"session 7\"", "clients", "clients where team = red"]);
}
