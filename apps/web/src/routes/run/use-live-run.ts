import { TaskMessage } from "@netconductor/contracts/realtime/messages";
import type { OutputChunk, Run, RunOperation } from "@netconductor/contracts/tasks/model";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { followLive, type LiveState } from "../../api/live.ts";

type Chunk = z.infer<typeof OutputChunk>;

export interface LiveRun {
	state: LiveState;
	/** The latest pieces of output, oldest first. */
	output: readonly Chunk[];
	/** Pieces before those, which the page does not keep. */
	left_out: number;
}

const mostKept = 2_000;
// A fleet's run says something a hundred times a second; a page is read a few times.
const gather_ms = 200;
const readListAfter_ms = 1_000;

/** Follows a run: its state and operations go into what the page shows of them, its output is gathered here. */
export function useLiveRun(id: string): LiveRun {
	const api = useApi();
	const queries = useQueryClient();
	const [live, setLive] = useState<LiveRun>({ state: "connecting", output: [], left_out: 0 });

	useEffect(() => {
		let seq = 0;
		let run: Run | undefined;
		const chunks: Chunk[] = [];
		const operations = new Map<string, RunOperation>();
		let gathering: ReturnType<typeof setTimeout> | undefined;
		let reading: ReturnType<typeof setTimeout> | undefined;

		function show(): void {
			gathering = undefined;
			if (run !== undefined) queries.setQueryData(["run", id], run);
			run = undefined;
			if (operations.size > 0) {
				const changed = new Map(operations);
				operations.clear();
				queries.setQueriesData<{ items: RunOperation[] }>({ queryKey: ["operations", id] }, (page) =>
					page === undefined ? page : { ...page, items: page.items.map((item) => changed.get(item.id) ?? item) },
				);
				// Which rows belong on the page is the server's word: sorting and filters may have moved them.
				reading ??= setTimeout(() => {
					reading = undefined;
					void queries.invalidateQueries({ queryKey: ["operations", id] });
				}, readListAfter_ms);
			}
			if (chunks.length > 0) {
				const fresh = chunks.splice(0);
				setLive((before) => {
					const all = [...before.output, ...fresh];
					const over = Math.max(0, all.length - mostKept);
					return { ...before, output: all.slice(over), left_out: before.left_out + over };
				});
			}
		}

		const stop = followLive({
			api,
			path: () => `/ws/tasks/${id}?after=${seq}`,
			read: (message) => TaskMessage.parse(message),
			onMessage: (message) => {
				if (message.type === "operation") operations.set(message.operation.id, message.operation);
				else if (message.type !== "output") run = message.run;
				else if (message.chunk.seq > seq) {
					seq = message.chunk.seq;
					chunks.push(message.chunk);
				}
				gathering ??= setTimeout(show, gather_ms);
			},
			onState: (state) => setLive((before) => ({ ...before, state })),
		});
		return () => {
			stop();
			clearTimeout(gathering);
			clearTimeout(reading);
			setLive({ state: "connecting", output: [], left_out: 0 });
		};
	}, [api, queries, id]);

	return live;
}
