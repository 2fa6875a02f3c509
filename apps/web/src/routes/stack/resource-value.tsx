import { ActionIcon, Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { FromResource, type ResourceName } from "@netconductor/contracts/config/resources";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { problemOf } from "../../ui/problem.tsx";
import { count } from "../../ui/words.ts";

const asks_ms = 300;

/** The resource and path that a variable's text names; undefined where it is a value. */
export function readReference(text: string): FromResource | undefined {
	if (!text.trimStart().startsWith("{")) return undefined;
	try {
		const value: unknown = JSON.parse(text);
		if (typeof value !== "object" || value === null || !("$from" in value)) return undefined;
		return FromResource.safeParse(value.$from).data;
	} catch {
		return undefined;
	}
}

/** Lets a variable be read from a resource, each time that the stack is rendered. */
export function ResourceValue({
	name,
	text,
	onText,
}: {
	/** Of the variable, for screen readers. */
	name: string;
	text: string;
	onText: (text: string) => void;
}) {
	const [opened, ask] = useDisclosure();
	const reference = readReference(text);
	const label = reference === undefined ? "Read it from the inventory" : `Read from ${reference.resource}`;
	return (
		<>
			<ActionIcon
				variant={reference === undefined ? "subtle" : "light"}
				color={reference === undefined ? "gray" : undefined}
				size={30}
				aria-label={`${label}: ${name}`}
				title={label}
				onClick={ask.open}
			>
				<Icon name="link" size={14} />
			</ActionIcon>
			<Modal opened={opened} onClose={ask.close} title={`${visibleLine(name)} from a resource`} size="lg">
				{opened && (
					<Picker
						begin={reference}
						onPick={(from) => {
							onText(JSON.stringify({ $from: from }));
							ask.close();
						}}
						onClose={ask.close}
					/>
				)}
			</Modal>
		</>
	);
}

function Picker({
	begin,
	onPick,
	onClose,
}: {
	begin: FromResource | undefined;
	onPick: (from: FromResource) => void;
	onClose: () => void;
}) {
	const api = useApi();
	const [resource, setResource] = useState<ResourceName>(begin?.resource ?? "devices");
	const [path, setPath] = useState(begin?.path ?? "$.items[*].name");
	const offered = useQuery({
		queryKey: ["stacks", "resources"],
		queryFn: ({ signal }) => api.config.listApiResources({}, { signal }),
		staleTime: Number.POSITIVE_INFINITY,
	});
	const [asked] = useDebouncedValue({ resource, path: path.trim() }, asks_ms);
	const preview = useQuery({
		queryKey: ["stacks", "resource", asked],
		queryFn: ({ signal }) => api.config.previewResource({ body: asked }, { signal }),
		enabled: asked.path !== "",
		placeholderData: keepPreviousData,
		retry: false,
		meta: { shows: ["devices", "device_groups", "backups", "snapshots", "templates"] },
	});
	const chosen = offered.data?.items.find(({ name }) => name === resource);
	const settled = asked.resource === resource && asked.path === path.trim() && !preview.isPlaceholderData;
	const problem = preview.isError ? problemOf(preview.error) : undefined;
	return (
		<Stack gap="sm">
			<Select
				label="Resource"
				allowDeselect={false}
				data={offered.data?.items.map(({ name, title }) => ({ value: name, label: title })) ?? [resource]}
				value={resource}
				onChange={(next) => {
					if (next === null) return;
					setResource(next as ResourceName);
					const example = offered.data?.items.find(({ name }) => name === next)?.example;
					if (example !== undefined) setPath(example);
				}}
			/>
			<TextInput
				label="Path"
				description="JSONPath into { items: […] }: names, [n], [*], slices, filters as [?@.site=='ams']"
				autoComplete="off"
				spellCheck={false}
				data-autofocus
				maxLength={1_000}
				styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
				value={path}
				error={problem === undefined ? undefined : visibleLine(problem.detail)}
				onChange={({ currentTarget }) => setPath(currentTarget.value)}
			/>
			{chosen !== undefined && (
				<div className="nc-small nc-dim nc-break">
					Fields: {chosen.fields.map((field) => field.name).join(", ")}. For example <code>{chosen.example}</code>
				</div>
			)}
			<section className="nc-panel nc-panel-body" aria-label="What it leads to now" aria-busy={preview.isFetching}>
				{preview.data !== undefined && problem === undefined && (
					<>
						<div className="nc-small nc-dim" role="status">
							{preview.data.single
								? preview.data.found === 0
									? "No value now: nothing could be rendered"
									: "One value now"
								: `A list of ${count(preview.data.found, "value")} now`}
							{preview.data.found > preview.data.values.length && `, the first ${preview.data.values.length}:`}
						</div>
						<ul className="nc-mono" style={{ margin: 0, paddingLeft: 18 }}>
							{preview.data.values.map((value, index) => (
								// biome-ignore lint/suspicious/noArrayIndexKey: values may be the same, and have no name
								<li key={index} className="nc-break">
									{visibleLine(typeof value === "string" ? value : JSON.stringify(value))}
								</li>
							))}
						</ul>
					</>
				)}
			</section>
			<Group justify="flex-end">
				<Button variant="default" onClick={onClose}>
					Cancel
				</Button>
				<Button
					disabled={!settled || preview.data === undefined || problem !== undefined}
					onClick={() =>
						onPick({
							resource,
							path: path.trim(),
							...(begin?.default !== undefined && { default: begin.default }),
						})
					}
				>
					Read it from there
				</Button>
			</Group>
		</Stack>
	);
}
