//! The instances of an account: every page of every filter of every region, the regions at once.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::Reservation;
use kapell_modules::Map;
use serde_json::json;
use tokio::task::JoinSet;

use super::filter::Filters;
use super::options::Options;
use crate::access::Session;
use crate::api_error::{ApiError, Place};
use crate::shape::{Shape, described};

/// Instances on one page: the most the API gives.
const PAGE: i32 = 1000;
/// Where the list of regions is asked for when no region is set.
const HOME: &str = "us-east-1";

/// What was found: instances in the order of their ids, wherever they are, and what was passed over.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) instances: Vec<Map>,
    pub(crate) skipped: Vec<ApiError>,
}

/// Asks all regions at once.
pub(crate) async fn find(options: &Options, session: &Session) -> Result<Found, ApiError> {
    let regions = match options.regions.as_slice() {
        [] => all_regions(session).await?,
        chosen => chosen.to_vec(),
    };
    let mut tasks = JoinSet::new();
    for region in regions {
        let (client, place) = (session.client(&region), session.place(&region));
        let (include, exclude) = (options.include.clone(), options.exclude.clone());
        tasks.spawn(async move { in_region(&client, &place, include, exclude).await });
    }
    let mut by_id = BTreeMap::new();
    let mut found = Found::default();
    while let Some(done) = tasks.join_next().await {
        match done.map_err(|error| ApiError::new(error.to_string()))? {
            Ok(instances) => by_id.extend(instances),
            Err(error) if error.is_forbidden() && !options.strict_permissions => found.skipped.push(error),
            Err(error) => return Err(error),
        }
    }
    found.instances = by_id.into_values().collect();
    Ok(found)
}

/// Those that are enabled for the account.
async fn all_regions(session: &Session) -> Result<Vec<String>, ApiError> {
    let home = session.region().unwrap_or(HOME).to_owned();
    let answer = session.client(&home).describe_regions().send().await;
    let answer = answer.map_err(|error| ApiError::of_call("DescribeRegions", &error, &session.place(&home)))?;
    Ok(answer.regions().iter().filter_map(|region| region.region_name().map(str::to_owned)).collect())
}

async fn in_region(
    client: &Client,
    place: &Place,
    include: Vec<Filters>,
    exclude: Vec<Filters>,
) -> Result<BTreeMap<String, Map>, ApiError> {
    let mut instances = BTreeMap::new();
    for filters in include {
        let take = |reservation: &Reservation| add(&mut instances, reservation, &place.region);
        reservations(client, place, &filters.living(), take).await?;
    }
    let mut excluded = BTreeSet::new();
    for filters in exclude {
        let take = |reservation: &Reservation| {
            excluded.extend(reservation.instances().iter().filter_map(|one| one.instance_id().map(str::to_owned)));
        };
        reservations(client, place, &filters.living(), take).await?;
    }
    instances.retain(|id, _| !excluded.contains(id));
    Ok(instances)
}

/// Handed to `take` as pages come: what the SDK makes of them is large.
async fn reservations(
    client: &Client,
    place: &Place,
    filters: &Filters,
    mut take: impl FnMut(&Reservation),
) -> Result<(), ApiError> {
    let call = client.describe_instances().set_filters(Some(filters.to_api()));
    let mut pages = call.into_paginator().page_size(PAGE).send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| ApiError::of_call("DescribeInstances", &error, place))?;
        page.reservations().iter().for_each(&mut take);
    }
    Ok(())
}

/// An instance with what its reservation says of it, and the name of its region.
fn add(instances: &mut BTreeMap<String, Map>, reservation: &Reservation, region: &str) {
    for instance in reservation.instances() {
        let mut map = described(instance);
        for (name, value) in [
            ("owner_id", reservation.owner_id.json()),
            ("requester_id", reservation.requester_id.json()),
            ("reservation_id", reservation.reservation_id.json()),
        ] {
            map.insert(name.to_owned(), value.unwrap_or_else(|| json!("")));
        }
        if let Some(placement) = map.get_mut("placement").and_then(|placement| placement.as_object_mut()) {
            placement.insert("region".to_owned(), region.into());
        }
        instances.insert(instance.instance_id().unwrap_or_default().to_owned(), map);
    }
}
