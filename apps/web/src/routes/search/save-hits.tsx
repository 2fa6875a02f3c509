import { Button } from "@mantine/core";
import type { SearchQuery } from "@netconductor/contracts/backup/model";
import { useEffect, useRef, useState } from "react";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { csvText, saveText } from "../../ui/table/csv.ts";
import { toastProblem } from "../../ui/toast.tsx";

const head = ["Device", "Type", "Backed up", "Line", "Text", "Section", "Lines found in the configuration"];
const devicesAtOnce = 200;

/** Saves everything that the search finds, whatever page is shown: a row for each line. */
export function SaveHits({ query }: { query: Omit<z.input<typeof SearchQuery>, "page" | "page_size"> }) {
	const api = useApi();
	const [read, setRead] = useState<number>();
	const stop = useRef<AbortController>(undefined);
	useEffect(() => () => stop.current?.abort(), []);

	async function save() {
		if (stop.current !== undefined) return stop.current.abort();
		stop.current = new AbortController();
		const { signal } = stop.current;
		const rows: string[][] = [head];
		try {
			setRead(0);
			for (let page = 1, left = true; left; page += 1) {
				const asked = { ...query, context: 0, page, page_size: devicesAtOnce };
				const { items, total } = await api.backup.searchConfigs({ query: asked }, { signal });
				for (const { device_name, device_type, created_at, hits, hits_total } of items) {
					for (const { line, text, section } of hits) {
						rows.push([device_name, device_type, created_at, String(line), text, section ?? "", String(hits_total)]);
					}
				}
				setRead(rows.length - 1);
				left = items.length > 0 && page * devicesAtOnce < total;
			}
			saveText("search.csv", csvText(rows), "text/csv");
		} catch (error) {
			if (!signal.aborted) toastProblem(error);
		} finally {
			stop.current = undefined;
			setRead(undefined);
		}
	}

	return (
		<Button variant="default" leftSection={<Icon name="download" size={14} />} onClick={save}>
			{read === undefined ? "Save as CSV" : `${read} lines read, stop`}
		</Button>
	);
}
