import { Button, Group, SegmentedControl, Text } from "@mantine/core";
import type { ImportResult } from "@netconductor/contracts/devices/model";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useApi } from "../../api/context.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { ColumnsPanel } from "./columns-panel.tsx";
import { guessFields, type ImportField } from "./fields.ts";
import { type Format, formatOf, readHead } from "./read-head.ts";
import { ResultPanel } from "./result-panel.tsx";
import { type Source, SourcePanel } from "./source.tsx";

export const route = createLazyRoute("/signed-in/framed/devices/import")({ component: DeviceImportPage });

const isKnown = (header: string) => guessFields([header])[header] !== "";

/** Brings many devices in from a file: which column is what, what would happen, and then that. */
function DeviceImportPage() {
	const api = useApi();
	const queries = useQueryClient();
	const [source, setSource] = useState<Source>();
	const [asked, setAsked] = useState<Format>();
	const [chosen, setChosen] = useState<Record<string, ImportField | "">>({});
	const [done, setDone] = useState<ImportResult>();
	const content = source?.content ?? "";
	const format = asked ?? formatOf(content);
	const head = useMemo(() => readHead(content, format, isKnown), [content, format]);
	const fields = useMemo(() => ({ ...guessFields(head.headers), ...chosen }), [head, chosen]);
	const hasName = Object.values(fields).includes("name");

	const send = (dry_run: boolean) => api.devices.importDevices({ body: { format, content, columns: fields, dry_run } });
	const check = useMutation({ mutationFn: () => send(true) });
	const run = useMutation({
		mutationFn: () => send(false),
		onSuccess: (result) => {
			void queries.invalidateQueries({ queryKey: ["devices"] });
			void queries.invalidateQueries({ queryKey: ["device_groups"] });
			toastDone(`${count(result.created, "device")} added, ${result.updated} changed`);
			setDone(result);
			setSource(undefined);
		},
	});
	/** Another file or other columns: what was found of the one before no longer holds. */
	function changed() {
		check.reset();
		run.reset();
		setDone(undefined);
	}
	const plan = check.data;
	const sound = plan !== undefined && plan.problems.length === 0;
	const work = (plan?.created ?? 0) + (plan?.updated ?? 0);

	return (
		<Page
			title="Import devices"
			actions={
				<ButtonLink to="/devices" variant="default">
					To the devices
				</ButtonLink>
			}
		>
			{done !== undefined && (
				<ResultPanel result={done}>
					<ButtonLink to="/devices">See the devices</ButtonLink>
				</ResultPanel>
			)}
			<SourcePanel
				source={source}
				onSource={(given) => {
					setSource(given);
					setAsked(undefined);
					setChosen({});
					changed();
				}}
			/>
			{source !== undefined && (
				<>
					{head.headers.length > 0 && (
						<ColumnsPanel
							head={head}
							fields={fields}
							onField={(header, field) => {
								setChosen({ ...chosen, [header]: field });
								changed();
							}}
						/>
					)}
					<Group gap="sm">
						<Button
							variant={sound ? "default" : "filled"}
							loading={check.isPending}
							disabled={head.headers.length > 0 && !hasName}
							onClick={() => check.mutate()}
						>
							Check the import
						</Button>
						<SegmentedControl
							size="xs"
							aria-label="Format"
							value={format}
							onChange={(value) => {
								setAsked(value as Format);
								changed();
							}}
							data={[
								{ value: "csv", label: "CSV" },
								{ value: "json", label: "JSON" },
							]}
						/>
						<Text size="sm" c="dimmed">
							{head.headers.length > 0 && !hasName ? "One column must be the name." : "Checking changes nothing."}
						</Text>
					</Group>
					{check.isError && <ProblemAlert error={check.error} />}
					{plan !== undefined && (
						<ResultPanel result={plan}>
							{run.isError && <ProblemAlert error={run.error} />}
							{sound && (
								<Button loading={run.isPending} disabled={work === 0} onClick={() => run.mutate()}>
									{work === 0 ? "Nothing to import" : `Import ${count(work, "device")}`}
								</Button>
							)}
						</ResultPanel>
					)}
				</>
			)}
		</Page>
	);
}
