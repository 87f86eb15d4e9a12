//! The functions of JMESPath, one row each.

use jmespath::ast::Ast;
use kapell_parsing::{Map, Value};

use super::json_query::{Evaluation, failed, is_true, number, order, same};
use crate::evaluate::Fault;

/// Name, types of the arguments (`&` an expression, `…` any number of the one before), function.
type Function = (&'static str, &'static [&'static [&'static str]], bool, fn(&Call<'_>) -> Result<Value, Fault>);

const ANY: &[&str] = &[];
const NUMBER: &[&str] = &["number"];
const STRING: &[&str] = &["string"];
const ARRAY: &[&str] = &["array"];
const OBJECT: &[&str] = &["object"];
const NUMBERS: &[&str] = &["array-number"];
const STRINGS: &[&str] = &["array-string"];
const ORDERED: &[&str] = &["array-number", "array-string"];
const SIZED: &[&str] = &["string", "array", "object"];
const SEQUENCE: &[&str] = &["array", "string"];
const EXPRESSION: &[&str] = &["expref"];

static FUNCTIONS: &[Function] = &[
    ("abs", &[NUMBER], false, |call| Ok(rounded(call, f64::abs))),
    ("avg", &[NUMBERS], false, |call| Ok(average(call.items(0)))),
    ("ceil", &[NUMBER], false, |call| Ok(rounded(call, f64::ceil))),
    ("contains", &[SEQUENCE, ANY], false, |call| Ok(contains(call))),
    ("ends_with", &[STRING, STRING], false, |call| Ok(Value::Bool(call.text(0).ends_with(call.text(1))))),
    ("floor", &[NUMBER], false, |call| Ok(rounded(call, f64::floor))),
    ("join", &[STRING, STRINGS], false, |call| {
        Ok(call.items(1).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(call.text(0)).into())
    }),
    ("keys", &[OBJECT], false, |call| Ok(Value::list(call.map(0).keys().map(|key| key.to_string().into()).collect()))),
    ("length", &[SIZED], false, |call| Ok(length(call.at(0)))),
    ("map", &[EXPRESSION, ARRAY], false, |call| {
        Ok(Value::list(call.items(1).iter().map(|item| call.apply(0, item)).collect::<Result<_, _>>()?))
    }),
    ("max", &[ORDERED], false, |call| Ok(extreme(call.items(0).iter().cloned(), true))),
    ("max_by", &[ARRAY, EXPRESSION], false, |call| extreme_by(call, true)),
    ("merge", &[OBJECT], true, |call| Ok(merge(call))),
    ("min", &[ORDERED], false, |call| Ok(extreme(call.items(0).iter().cloned(), false))),
    ("min_by", &[ARRAY, EXPRESSION], false, |call| extreme_by(call, false)),
    ("not_null", &[ANY], true, |call| {
        Ok(call.values.iter().find(|value| !value.is_null()).cloned().unwrap_or(Value::Null))
    }),
    ("reverse", &[SEQUENCE], false, |call| Ok(reverse(call.at(0)))),
    ("sort", &[ORDERED], false, |call| {
        Ok(sorted(call.items(0).iter().map(|item| (item.clone(), item.clone())).collect()))
    }),
    ("sort_by", &[ARRAY, EXPRESSION], false, |call| Ok(sorted(call.keyed()?))),
    ("starts_with", &[STRING, STRING], false, |call| Ok(Value::Bool(call.text(0).starts_with(call.text(1))))),
    ("sum", &[NUMBERS], false, |call| Ok(sum(call.items(0)))),
    ("to_array", &[ANY], false, |call| {
        Ok(if call.at(0).as_list().is_some() { call.at(0).clone() } else { Value::list(vec![call.at(0).clone()]) })
    }),
    ("to_number", &[ANY], false, |call| Ok(to_number(call.at(0)))),
    ("to_string", &[ANY], false, |call| {
        Ok(if call.at(0).as_str().is_some() { call.at(0).clone() } else { call.at(0).to_json().to_string().into() })
    }),
    ("type", &[ANY], false, |call| Ok(kind(call.at(0)).into())),
    ("values", &[OBJECT], false, |call| Ok(Value::list(call.map(0).values().cloned().collect()))),
];

/// A call with its arguments evaluated; for an expression there is `null`.
struct Call<'c> {
    evaluation: &'c Evaluation<'c>,
    name: &'c str,
    args: &'c [Ast],
    values: Vec<Value>,
}

pub(super) fn call(evaluation: &Evaluation<'_>, name: &str, args: &[Ast], value: &Value) -> Result<Value, Fault> {
    let Some((_, types, variadic, run)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
        return Err(failed(&format!("Unknown function: {name}()")));
    };
    let wrong_count = if *variadic { args.len() < types.len() } else { args.len() != types.len() };
    if wrong_count {
        let s = if types.len() == 1 { "" } else { "s" };
        let least = if *variadic { "at least " } else { "" };
        let (want, got) = (types.len(), args.len());
        return Err(failed(&format!("Expected {least}{want} argument{s} for function {name}(), received {got}")));
    }
    let mut values = Vec::new();
    for (at, arg) in args.iter().enumerate() {
        let wanted = types.get(at).or(types.last()).copied().unwrap_or(ANY);
        let is_expression = matches!(arg, Ast::Expref { .. });
        let found = if is_expression { Value::Null } else { evaluation.of(arg, value)? };
        if is_expression != (wanted == EXPRESSION) || !is_expression && !fits(&found, wanted) {
            return Err(wrong_type(name, &found, wanted));
        }
        values.push(found);
    }
    evaluation.rendering.spend(values.iter().filter_map(Value::as_list).map(<[Value]>::len).sum())?;
    run(&Call { evaluation, name, args, values })
}

fn wrong_type(name: &str, value: &Value, wanted: &[&str]) -> Fault {
    let wanted: Vec<String> = wanted.iter().map(|kind| format!("'{kind}'")).collect();
    failed(&format!(
        "In function {name}(), invalid type for value: {}, expected one of: [{}], received: \"{}\"",
        if value.as_str().is_some() { value.to_string() } else { value.repr() },
        wanted.join(", "),
        kind(value)
    ))
}

fn fits(value: &Value, wanted: &[&str]) -> bool {
    let all = |kinds: &str| value.as_list().is_some_and(|items| items.iter().all(|item| kind(item) == kinds));
    wanted.is_empty()
        || wanted.iter().any(|wanted| match *wanted {
            "array-number" => all("number"),
            "array-string" => all("string"),
            plain => kind(value) == plain,
        })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::Undefined(_) => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

impl Call<'_> {
    fn at(&self, at: usize) -> &Value {
        self.values.get(at).unwrap_or(&Value::Null)
    }

    fn text(&self, at: usize) -> &str {
        self.at(at).as_str().unwrap_or_default()
    }

    fn items(&self, at: usize) -> &[Value] {
        self.at(at).as_list().unwrap_or_default()
    }

    fn map(&self, at: usize) -> Map {
        self.at(at).as_map().cloned().unwrap_or_default()
    }

    /// What the expression at `at` gives for `item`.
    fn apply(&self, at: usize, item: &Value) -> Result<Value, Fault> {
        match self.args.get(at) {
            Some(Ast::Expref { ast, .. }) => self.evaluation.of(ast, item),
            _ => Ok(Value::Null),
        }
    }

    /// The items of the first argument, each with what the second says it is ordered by.
    fn keyed(&self) -> Result<Vec<(Value, Value)>, Fault> {
        let mut keyed: Vec<(Value, Value)> = Vec::new();
        for item in self.items(0) {
            let key = self.apply(1, item)?;
            let wanted: &[&str] = match keyed.first() {
                Some((first, _)) if kind(first) == "number" => &["number"],
                Some(_) => &["string"],
                None => &["string", "number"],
            };
            if !wanted.contains(&kind(&key)) {
                let wanted: Vec<String> = wanted.iter().map(|kind| format!("'{kind}'")).collect();
                return Err(failed(&format!(
                    "In function {}(), invalid type for value: {}, expected one of: [{}], received: \"{}\"",
                    self.name,
                    item.repr(),
                    wanted.join(", "),
                    kind(&key)
                )));
            }
            keyed.push((key, item.clone()));
        }
        Ok(keyed)
    }
}

/// An integer where the number stays one.
fn rounded(call: &Call<'_>, round: fn(f64) -> f64) -> Value {
    match call.at(0) {
        Value::Int(int) => round_int(*int, round),
        other => {
            let float = round(number(other).unwrap_or_default());
            let is_whole = call.name != "abs" && float.abs() < 9e15;
            if is_whole { Value::Int(float as i64) } else { Value::Float(float) }
        }
    }
}

fn round_int(int: i64, round: fn(f64) -> f64) -> Value {
    if round(-1.0) > 0.0 { Value::from(int.saturating_abs()) } else { Value::Int(int) }
}

fn sum(items: &[Value]) -> Value {
    let whole = items.iter().try_fold(0_i64, |sum, item| sum.checked_add(item.as_i64()?));
    whole.map_or_else(|| Value::Float(items.iter().filter_map(number).sum()), Value::Int)
}

fn average(items: &[Value]) -> Value {
    if items.is_empty() {
        return Value::Null;
    }
    Value::Float(items.iter().filter_map(number).sum::<f64>() / items.len() as f64)
}

fn contains(call: &Call<'_>) -> Value {
    Value::Bool(match (call.at(0), call.at(1)) {
        (Value::Str(text), Value::Str(part)) => text.contains(part.as_str()),
        (Value::List(items), wanted) => items.iter().any(|item| same(item, wanted)),
        _ => false,
    })
}

fn length(value: &Value) -> Value {
    let length = match value {
        Value::Str(text) => text.chars().count(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        _ => 0,
    };
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

fn reverse(value: &Value) -> Value {
    match value {
        Value::Str(text) => text.chars().rev().collect::<String>().into(),
        other => Value::list(other.as_list().unwrap_or_default().iter().rev().cloned().collect()),
    }
}

fn merge(call: &Call<'_>) -> Value {
    let mut merged = Map::new();
    for map in call.values.iter().filter_map(Value::as_map) {
        merged.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    Value::map(merged)
}

fn extreme(items: impl Iterator<Item = Value>, greatest: bool) -> Value {
    items.reduce(|best, item| if better(&item, &best, greatest) { item } else { best }).unwrap_or(Value::Null)
}

fn better(item: &Value, best: &Value, greatest: bool) -> bool {
    order(item, best).is_some_and(|order| if greatest { order.is_gt() } else { order.is_lt() })
}

fn extreme_by(call: &Call<'_>, greatest: bool) -> Result<Value, Fault> {
    let best =
        call.keyed()?.into_iter().reduce(|best, item| if better(&item.0, &best.0, greatest) { item } else { best });
    Ok(best.map_or(Value::Null, |(_, item)| item))
}

fn sorted(mut keyed: Vec<(Value, Value)>) -> Value {
    keyed.sort_by(|(a, _), (b, _)| order(a, b).unwrap_or(std::cmp::Ordering::Equal));
    Value::list(keyed.into_iter().map(|(_, item)| item).collect())
}

fn to_number(value: &Value) -> Value {
    match value {
        Value::Str(text) => match (text.trim().parse::<i64>(), text.trim().parse::<f64>()) {
            (Ok(int), _) => Value::Int(int),
            (_, Ok(float)) => Value::Float(float),
            _ => Value::Null,
        },
        number if kind(number) == "number" && is_true(number) => number.clone(),
        _ => Value::Null,
    }
}
