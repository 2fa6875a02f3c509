import { Button, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { UpgradeStack } from "@netconductor/contracts/config/stack-templates";
import type { Stack } from "@netconductor/contracts/config/stacks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import { UnifiedDiff } from "../../ui/diff/unified-diff.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { TextLink } from "../../ui/link.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { ParameterInputs } from "../stack-template/parameter-inputs.tsx";
import { faultsOf, useValues } from "../stack-template/use-values.ts";

const asks_ms = 400;

/** The template that a stack was made from, and the way to its newest version. */
export function MadeFrom({ stack }: { stack: Stack }) {
	const mayWrite = usePermitted()("stacks:write");
	const drawer = useDrawer();
	const { made_from } = stack;
	if (made_from === null) return null;
	const older = made_from.version < made_from.newest_version;
	return (
		<>
			<dt>Made from</dt>
			<dd>
				<TextLink to="/stack-templates/$id" params={{ id: made_from.id }} size="sm">
					{visibleLine(made_from.name)}
				</TextLink>
				, version {made_from.version}
				{older && <div className="nc-warn">Version {made_from.newest_version} of it is there.</div>}
				{mayWrite && (
					<div>
						<Button size="compact-xs" variant="default" onClick={drawer.open}>
							{older ? "See what it would change" : "Other values"}
						</Button>
					</div>
				)}
				{mayWrite && drawer.opened && (
					<Upgrade key={drawer.key} stack={stack} opened={drawer.opened} onClose={drawer.close} />
				)}
			</dd>
		</>
	);
}

function Upgrade({ stack, opened, onClose }: { stack: Stack; opened: boolean; onClose: () => void }) {
	const api = useApi();
	const template = useQuery({
		queryKey: ["stacks", "template", stack.made_from?.id],
		queryFn: ({ signal }) => api.config.getStackTemplate({ params: { id: stack.made_from?.id ?? "" } }, { signal }),
	});
	if (template.data === undefined) return template.isError ? <ProblemAlert error={template.error} /> : <RowsLoading />;
	return <UpgradeForm stack={stack} parameters={template.data.parameters} opened={opened} onClose={onClose} />;
}

function UpgradeForm({
	stack,
	parameters,
	opened,
	onClose,
}: {
	stack: Stack;
	parameters: Parameters<typeof useValues>[0];
	opened: boolean;
	onClose: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const { typed, values, faults, wrong, onValues } = useValues(parameters, stack.parameters ?? {});
	const [asked] = useDebouncedValue(values, asks_ms);
	const preview = useQuery({
		queryKey: ["stacks", "upgrade", stack.id, stack.version, asked],
		queryFn: ({ signal }) =>
			api.config.previewUpgrade({ params: { id: stack.id }, body: { parameters: asked } }, { signal }),
		enabled: !wrong,
		placeholderData: keepPreviousData,
		retry: false,
	});
	const seen = preview.data;
	const form = useContractForm({
		initial: { parameters: "" },
		schema: UpgradeStack,
		toBody: () => ({
			parameters: values,
			version: seen?.version ?? stack.version,
			template_version: seen?.to_version ?? 1,
		}),
		send: (body) => api.config.upgradeStack({ params: { id: stack.id }, body }),
		onDone: (saved) => {
			queries.setQueryData(["stacks", "one", saved.id], saved);
			void queries.invalidateQueries({ queryKey: ["stacks"] });
			toastDone(`${visibleLine(saved.name)} is as version ${saved.made_from?.version} of its template makes it`);
			onClose();
		},
	});
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={`Upgrade ${visibleLine(stack.name)}`}
			action="Make it so"
			form={form}
		>
			<Text size="sm">
				The definition is made anew from the template with these values; what was changed in the stack itself since is
				replaced, variables per device are kept. Devices change when it is deployed.
			</Text>
			<ParameterInputs
				parameters={parameters}
				values={typed}
				faults={{ ...faultsOf(preview.error), ...faults }}
				onValues={onValues}
			/>
			{preview.isError && <ProblemAlert error={preview.error} />}
			{seen !== undefined && !preview.isError && (
				<section className="nc-panel" aria-label="What would change" aria-busy={preview.isFetching}>
					{seen.identical ? (
						<p className="nc-panel-body nc-dim">Nothing of its definition would change.</p>
					) : (
						<UnifiedDiff text={seen.unified} label="What would change of the definition" />
					)}
				</section>
			)}
		</FormDrawer>
	);
}
