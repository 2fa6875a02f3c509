import type { CleanupResult } from "@netconductor/contracts/backup/model";
import type { z } from "zod";
import { bytes, count } from "./words.ts";

/** What a deletion takes with it, as its dry run told. */
export function WhatGoes({ result }: { result: z.infer<typeof CleanupResult> }) {
	return (
		<dl className="nc-facts">
			<dt>Backups</dt>
			<dd>{count(result.backups, "backup")}</dd>
			<dt>Snapshots</dt>
			<dd>{count(result.snapshots, "snapshot")}</dd>
			<dt>Texts</dt>
			<dd>{count(result.contents, "configuration text")} that nothing else refers to</dd>
			<dt>Space</dt>
			<dd>{bytes(result.bytes)} freed</dd>
		</dl>
	);
}
