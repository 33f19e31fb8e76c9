/**
 * The parts of prom-client that are used. The whole of it brings a gateway to push to, metrics of Node and clusters of processes with it, and
 * takes longer to load than the rest of telemetry together.
 */
export { default as Counter } from "prom-client/lib/counter.js";
export { default as Gauge } from "prom-client/lib/gauge.js";
export { default as Histogram } from "prom-client/lib/histogram.js";
export { default as Registry } from "prom-client/lib/registry.js";
