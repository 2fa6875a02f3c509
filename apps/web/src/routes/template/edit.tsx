import { Button, Checkbox, Kbd, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { Template, TemplateSettings, TemplateWords } from "@netconductor/contracts/config/templates";
import type { Problem } from "@netconductor/contracts/kernel/errors";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useRef } from "react";
import { useApi } from "../../api/context.tsx";
import { SavedMeanwhile } from "../../ui/form/saved-meanwhile.tsx";
import { useSaveKey } from "../../ui/form/use-save-key.ts";
import { Panel } from "../../ui/page.tsx";
import { ProblemAlert, problemOf } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { Inputs, Result } from "./preview.tsx";
import styles from "./template.module.css";
import type { DraftHandle } from "./use-draft.ts";
import type { Values } from "./values.ts";

// An editor is much code, which who only looks at the list does not need.
const TemplateEditor = lazy(() =>
	import("./template-editor.tsx").then(({ TemplateEditor: component }) => ({ default: component })),
);

const renderAfter_ms = 400;
const noWords: TemplateWords = { tags: [], filters: [], tests: [], globals: [] };

const settingWords: Readonly<Record<keyof TemplateSettings, { label: string; title: string }>> = {
	trim_blocks: { label: "Trim blocks", title: "Leave out the line break after a block tag" },
	lstrip_blocks: {
		label: "Strip before blocks",
		title: "Leave out blanks before a block tag at the beginning of a line",
	},
	keep_trailing_newline: { label: "Keep last line break", title: "Keep the line break at the end of the source" },
};

/** The source, and beside it what it makes of variables or of a device, as it is written. */
export function Edit({
	template,
	handle,
	mayWrite,
	values,
	onValues,
	device,
	onDevice,
	onVersions,
}: {
	template: Template;
	handle: DraftHandle;
	mayWrite: boolean;
	values: Values;
	onValues: (values: Values) => void;
	device: string | undefined;
	onDevice: (id: string | undefined) => void;
	/** Shows what others changed since. */
	onVersions: (versions: string) => void;
}) {
	const api = useApi();
	const { draft, change, dirty, outdated, saving, error } = handle;
	const { source, settings } = draft;
	const asked = useMemo(() => ({ source, settings, name: template.name }), [source, settings, template.name]);
	const [written] = useDebouncedValue(asked, renderAfter_ms);
	const filledIn = useMemo(
		() => ({ variables: values, ...(device !== undefined && { device_id: device }) }),
		[values, device],
	);
	const [given] = useDebouncedValue(filledIn, renderAfter_ms);
	const found = useQuery({
		queryKey: ["templates", "source_variables", written],
		queryFn: ({ signal }) => api.config.findSourceVariables({ body: written }, { signal }),
		placeholderData: keepPreviousData,
		retry: false,
	});
	const words = useQuery({
		queryKey: ["templates", "words"],
		queryFn: ({ signal }) => api.config.getTemplateWords({}, { signal }),
		// They change with the product alone.
		staleTime: Number.POSITIVE_INFINITY,
	}).data;
	const preview = useQuery({
		queryKey: ["templates", "preview", written, given],
		queryFn: ({ signal }) => api.config.previewTemplate({ body: { ...written, ...given } }, { signal }),
		placeholderData: keepPreviousData,
		retry: false,
		meta: { shows: ["devices"] },
	});
	// While a source cannot be read, the form stays as it was.
	const known = useRef(found.data?.variables);
	if (found.data !== undefined) known.current = found.data.variables;
	const refused = preview.error;
	const faults = useMemo(
		() => [error, refused].flatMap((one) => lineOf(one, template.name) ?? []).slice(0, 1),
		[error, refused, template.name],
	);

	useSaveKey(mayWrite, "Template", handle.save);

	const conflict = error !== null && problemOf(error).code === "templates.changed";
	return (
		<div className={styles.sides}>
			<div className={styles.column}>
				{(conflict || outdated) && (
					<SavedMeanwhile
						saved={template}
						began={draft.version}
						saving={saving}
						onCompare={() => onVersions(`${draft.version},${template.version}`)}
						onTake={handle.discard}
						onSaveOver={handle.saveOver}
					/>
				)}
				{error !== null && !conflict && <ProblemAlert error={error} />}
				<Panel title="Source">
					<div className={styles.editor}>
						<Suspense fallback={<RowsLoading rows={12} />}>
							<TemplateEditor
								text={source}
								onText={(text) => change({ source: text })}
								faults={faults}
								known={{ variables: known.current ?? [], words: words ?? noWords }}
								readOnly={!mayWrite}
							/>
						</Suspense>
					</div>
					<div className={styles.bar}>
						{(Object.keys(settingWords) as (keyof TemplateSettings)[]).map((name) => (
							<Checkbox
								key={name}
								size="xs"
								label={settingWords[name].label}
								title={settingWords[name].title}
								checked={settings[name]}
								disabled={!mayWrite}
								onChange={({ currentTarget }) => change({ settings: { ...settings, [name]: currentTarget.checked } })}
							/>
						))}
					</div>
					{mayWrite && (
						<div className={styles.bar}>
							<TextInput
								size="xs"
								aria-label="Why it is changed"
								placeholder="Why it is changed"
								maxLength={500}
								style={{ flex: "1 1 180px" }}
								value={draft.note}
								onChange={({ currentTarget }) => change({ note: currentTarget.value })}
							/>
							<Button
								disabled={!dirty}
								loading={saving}
								onClick={handle.save}
								rightSection={<Kbd size="xs">Ctrl S</Kbd>}
							>
								Save
							</Button>
							{dirty && (
								<Button variant="default" onClick={handle.discard}>
									Discard
								</Button>
							)}
							<span className="nc-small nc-dim" aria-live="polite">
								{dirty ? "Not saved" : `Version ${template.version}`}
							</span>
						</div>
					)}
				</Panel>
			</div>
			<div className={styles.column}>
				<Inputs
					variables={found.data?.variables ?? known.current}
					values={values}
					onValues={onValues}
					device={device}
					onDevice={onDevice}
				/>
				<Result
					rendered={preview.data}
					error={preview.error}
					fetching={preview.isFetching}
					onRetry={() => void preview.refetch()}
				/>
			</div>
		</div>
	);
}

/** Where in the template of this name an error is, if it is in it. */
function lineOf(error: unknown, name: string): { line: number; message: string } | undefined {
	if (error === null) return undefined;
	const { details, detail }: Problem = problemOf(error);
	if (details?.template !== name || typeof details.line !== "number" || details.line < 1) return undefined;
	return { line: details.line, message: visibleLine(detail) };
}
