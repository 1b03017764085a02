//! The browser beside a real app: what the app writes appears on the screen and is marked.

use crate::common::tmux::Tmux;
use crate::support::Oracle;
use vlive::{CachedRows, Record};

fn rows(name: &str, number: usize) -> CachedRows {
    let record = Record::from_iter([("name".to_owned(), name.into())]);
    CachedRows::new((0..number).map(|n| (format!("c{n}"), record.clone())).collect())
}

#[test]
fn what_an_app_writes_is_shown_as_it_writes_it_and_marked() {
    let program = env!("CARGO_BIN_EXE_vlive");
    let Some(tmux) = Tmux::start("app", (80, 24)) else { return };
    let folder = tempfile::tempdir().unwrap();
    let app = Oracle::open(folder.path());
    app.put("clients/page_1", &rows("Anna", 3));
    app.put("orders/page_1", &rows("Torte", 2));
    tmux.line(&format!("clear; {program} -C {} browse", folder.path().display()));
    tmux.until(|screen| screen.contains("▸ clients (1)") && screen.contains("in use by process"));
    tmux.press(&["Enter", "j"]);
    tmux.until(|screen| screen.contains("Anna") && screen.contains("3 rows"));

    app.put("clients/page_1", &rows("Bert", 4));
    tmux.until(|screen| screen.contains("~  page_1") && screen.contains("Bert") && screen.contains("4 rows"));
    app.put("clients/page_2", &rows("Carla", 1));
    tmux.until(|screen| screen.contains("+  page_2") && screen.contains("▾ clients (2)"));
    app.invalidate_prefix("clients/page_2");
    tmux.until(|screen| screen.contains("-  page_2"));
    tmux.until(|screen| !screen.contains("page_2") && screen.contains("▾ clients (1)"));
    tmux.press(&["d"]);
    tmux.until(|screen| screen.contains("~ name: \"Anna\" → \"Bert\"") || screen.contains("Anna"));
    tmux.press(&["Escape"]);

    // After many quick commits the newest state is shown.
    for n in 0..300 {
        app.put("clients/page_1", &rows(&format!("number {n}"), 1 + n % 7));
    }
    tmux.until(|screen| screen.contains("number 299") && screen.contains("6 rows"));
    // The app ends and closes the cache.
    drop(app);
    tmux.until(|screen| screen.contains("not in use"));
    tmux.press(&["q"]);
    tmux.until(|screen| !screen.contains("keys by"));
}
