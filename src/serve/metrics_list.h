/*
 * Lists of nodes' or pods' metrics, encoded while they are sent (apiserver/pieces.h): as NodeMetricsList,
 * PodMetricsList, PartialObjectMetadataList or Table, in JSON, YAML or protobuf.
 *
 * What takes more than one turn of the loop is no snapshot: an item shows what was known when its turn came, items that
 * came or went meanwhile are in it or not, and none is in it twice. Each item carries the time of its own sample, so
 * nothing is passed off as something else. Protobuf is the exception: its envelope starts with the length of what
 * follows, so it is encoded at once, and kept as it goes out. So are Tables in YAML, which nobody asks for.
 *
 * Loop thread only.
 */
#ifndef SERVE_METRICS_LIST_H
#define SERVE_METRICS_LIST_H

#include "serve/metrics_walk.h"

/* Answers Q's request with the list that Q asks for. Q is copied. May close the request. */
void metrics_list_respond(const struct metrics_question *q);

/* --- what metrics_list_protobuf.c shares --- */

/* The kind of the list, and its apiVersion, in the request's arena. */
struct str metrics_list_kind(const struct metrics_question *q);
struct str metrics_list_api_version(const struct metrics_question *q);

void metrics_list_respond_protobuf(const struct metrics_question *q);

#endif
