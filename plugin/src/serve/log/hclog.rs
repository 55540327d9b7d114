//! Log lines as HashiCorp's hclog writes them in JSON: one object to a line.
//!
//! The host is particular: `@message` and `@level` must be strings or it panics, `@timestamp` must have exactly six
//! digits after the point or the line is not parsed, and a line of 64 KiB or more is torn apart.

use serde_json::{Map, Value};
use std::fmt;
use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The longest line, with its end, in bytes.
const LINE_LIMIT: usize = 64 * 1024 - 1;
/// The longest text in a line, in bytes; JSON may take six times as much.
const TEXT_LIMIT: usize = 8 * 1024;

type Fields = Map<String, Value>;

/// Writes events, with the fields of the spans around them.
pub(super) struct Hclog<W> {
    level: LevelFilter,
    targets: Vec<&'static str>,
    write: W,
}

impl<W: Fn(&[u8]) + 'static> Hclog<W> {
    /// Hands lines up to `level` to `write`; from crates other than `targets`, warnings and errors only.
    pub(super) fn new(level: LevelFilter, targets: Vec<&'static str>, write: W) -> Self {
        Self { level, targets, write }
    }

    fn hears(&self, metadata: &Metadata<'_>) -> bool {
        let krate = metadata.target().split("::").next().unwrap_or_default();
        let limit = match self.targets.contains(&krate) {
            true => self.level,
            false => self.level.min(LevelFilter::WARN),
        };
        *metadata.level() <= limit
    }
}

impl<S, W> Layer<S> for Hclog<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&[u8]) + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        self.hears(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Collect::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields.0);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut more = Collect::default();
        values.record(&mut more);
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            fields.extend(more.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Collect::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.0.extend(outer.clone());
            }
        }
        event.record(&mut fields);
        let metadata = event.metadata();
        let line = line(OffsetDateTime::now_utc(), *metadata.level(), metadata.target(), fields.0);
        (self.write)(line.as_bytes());
    }
}

/// One line with its end. Fields are dropped when it would be too long.
fn line(now: OffsetDateTime, level: Level, target: &str, mut fields: Fields) -> String {
    let message = match fields.remove("message") {
        Some(Value::String(message)) => message,
        other => other.map(|value| value.to_string()).unwrap_or_default(),
    };
    let level = level.as_str().to_lowercase();
    let head = [
        ("@timestamp", timestamp(now)),
        ("@level", level),
        ("@module", target.replace("::", ".")),
        ("@message", message),
    ];
    let head = head.map(|(key, text)| (key.to_owned(), Value::String(text)));
    fields.extend(head.clone());
    let whole = format!("{}\n", Value::Object(fields));
    match whole.len() <= LINE_LIMIT {
        true => whole,
        false => format!("{}\n", Value::Object(head.into_iter().collect())),
    }
}

fn timestamp(now: OffsetDateTime) -> String {
    let (year, month, day) = (now.year(), u8::from(now.month()), now.day());
    let (hour, minute, second, micros) = (now.hour(), now.minute(), now.second(), now.microsecond());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// Fields as JSON, each of bounded length.
#[derive(Default)]
struct Collect(Fields);

impl Collect {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        let name = field.name();
        self.0.insert(name.strip_prefix("r#").unwrap_or(name).to_owned(), value.into());
    }
}

/// `text`, or as much of it as a line may hold.
fn cut(text: &str) -> String {
    match text.len() {
        ..=TEXT_LIMIT => text.to_owned(),
        _ => format!("{}…", &text[..text.floor_char_boundary(TEXT_LIMIT)]),
    }
}

impl Visit for Collect {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, cut(&format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, cut(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt;

    /// What `act` logs with everything turned on.
    fn logged(act: impl FnOnce()) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let write = move |line: &[u8]| sink.lock().unwrap().push(String::from_utf8(line.to_vec()).unwrap());
        let layer = Hclog::new(LevelFilter::TRACE, vec!["tfplugin_rs"], write);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), act);
        std::mem::take(&mut *lines.lock().unwrap())
    }

    fn parse(line: &str) -> Fields {
        assert!(line.ends_with('\n') && line.matches('\n').count() == 1 && line.len() < 64 << 10, "{line:?}");
        serde_json::from_str(line).unwrap()
    }

    #[test]
    fn a_line_as_the_host_reads_it() {
        let now = OffsetDateTime::from_unix_timestamp_nanos(1_700_000_000_000_042_999).unwrap();
        let fields =
            Fields::from_iter([("message".into(), "hello".into()), ("tf_rpc".into(), "Plan".into())]);
        let line = line(now, Level::INFO, "gitops::apply", fields);
        insta::assert_snapshot!(line, @r#"{"@level":"info","@message":"hello","@module":"gitops.apply","@timestamp":"2023-11-14T22:13:20.000042Z","tf_rpc":"Plan"}"#);
    }

    #[test]
    fn spans_add_their_fields() {
        let lines = logged(|| {
            let outer = tracing::info_span!("rpc", tf_rpc = "Apply", outcome = tracing::field::Empty);
            outer.record("outcome", 3);
            outer.in_scope(|| tracing::warn!(r#type = "x", ready = true, share = 0.5, "two\nlines"));
        });
        let fields = parse(&lines.concat());
        let text = |key: &str| fields[key].to_string();
        assert_eq!(text("@message"), r#""two\nlines""#);
        assert_eq!([text("tf_rpc"), text("type"), text("outcome")], [r#""Apply""#, r#""x""#, "3"]);
        assert_eq!([text("ready"), text("share"), text("@level")], ["true", "0.5", r#""warn""#]);
    }

    #[test]
    fn other_crates_are_heard_from_warnings_up() {
        let lines = logged(|| {
            tracing::debug!(target: "h2::codec", "frame");
            tracing::debug!(target: "tfplugin_rs_other", "not ours");
            tracing::warn!(target: "h2::codec", "reset");
            tracing::trace!(target: "tfplugin_rs::rpc", "ours");
        });
        let messages: Vec<_> = lines.iter().map(|line| parse(line)["@message"].clone()).collect();
        assert_eq!(messages, ["reset", "ours"]);
    }

    proptest! {
        #[test]
        fn any_event_is_one_bounded_line(message in any::<String>(), text in any::<String>(), times in 0_usize..20_000) {
            let long = text.repeat(times);
            let lines = logged(|| tracing::info!(a = long, b = long, "@level" = 5, "@message" = 7, "{message}"));
            let fields = parse(&lines.concat());
            prop_assert!(fields["@message"].is_string() && fields["@level"] == "info", "{fields:?}");
            prop_assert_eq!(fields["@timestamp"].as_str().map(str::len), Some(27));
        }
    }
}
