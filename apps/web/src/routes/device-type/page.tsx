import { Button, Group } from "@mantine/core";
import type { DeviceType } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { ConfigText, visibleLines } from "../../ui/config-text.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink, TextLink } from "../../ui/link.tsx";
import { NotLoaded } from "../../ui/not-loaded.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { PageTabs } from "../../ui/page-tabs.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { Origin } from "../device-types/origin.tsx";
import { DefinitionView } from "./definition-view.tsx";
import { TryIt } from "./try-it.tsx";

export const route = createLazyRoute("/signed-in/framed/device-types/$id")({ component: DeviceTypePage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/device-types/$id");

function DeviceTypePage() {
	const api = useApi();
	const navigate = useNavigate();
	const mayWrite = usePermitted()("devices:write");
	const { id } = useParams();
	const { tab } = useSearch();
	const [transcript, setTranscript] = useState("");
	const [deleting, setDeleting] = useState(false);
	const {
		data: type,
		error,
		refetch,
	} = useQuery({
		queryKey: ["device_types", "one", id],
		queryFn: ({ signal }) => api.devices.getDeviceType({ params: { id } }, { signal }),
	});
	if (type === undefined) {
		return (
			<NotLoaded
				title="Device type"
				query={{ error, refetch }}
				wayOut={
					<ButtonLink to="/device-types" variant="default">
						All device types
					</ButtonLink>
				}
			/>
		);
	}
	return (
		<Page
			title={type.label}
			beside={
				<Group gap="sm" className="nc-small">
					<Origin built_in={type.built_in} />
					<span className="nc-mono">{type.id}</span>
					{type.devices > 0 && (
						<TextLink to="/devices" search={{ device_type: type.id }} size="xs">
							{count(type.devices, "device")}
						</TextLink>
					)}
				</Group>
			}
			actions={
				mayWrite && (
					<Group gap="xs">
						<ButtonLink
							variant="default"
							to="/add-device-type"
							search={{ from: id }}
							leftSection={<Icon name="plus" size={14} />}
						>
							Copy as a custom type
						</ButtonLink>
						{!type.built_in && (
							<>
								<Button variant="default" color="red" onClick={() => setDeleting(true)}>
									Delete
								</Button>
								<ButtonLink to="/device-types/$id/edit" params={{ id }} leftSection={<Icon name="edit" size={14} />}>
									Edit
								</ButtonLink>
							</>
						)}
					</Group>
				)
			}
		>
			<PageTabs
				label="Parts of the device type"
				tab={tab}
				onTab={(value) => void navigate({ search: { tab: value }, replace: true })}
				tabs={[
					{ value: "definition", label: "Definition", content: () => <DefinitionView definition={type.definition} /> },
					{
						value: "try",
						label: "Try it",
						content: () => <TryIt definition={type.definition} transcript={transcript} onTranscript={setTranscript} />,
					},
					{
						value: "json",
						label: "JSON",
						content: () => <DefinitionJson definition={type.definition} />,
					},
				]}
			/>
			<DeleteType type={type} opened={deleting} onClose={() => setDeleting(false)} />
		</Page>
	);
}

function DefinitionJson({ definition }: Pick<DeviceType, "definition">) {
	const json = useMemo(() => JSON.stringify(definition, null, 2), [definition]);
	const lines = useMemo(() => visibleLines(json), [json]);
	return (
		<Panel title="As the API has it" actions={<CopyButton text={json} label="Copy" />}>
			<ConfigText lines={lines} label="Definition as JSON" />
		</Panel>
	);
}

function DeleteType({ type, opened, onClose }: { type: DeviceType; opened: boolean; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const navigate = useNavigate();
	const name = visibleLine(type.label);
	const remove = useMutation({
		mutationFn: () => api.devices.deleteDeviceType({ params: { id: type.id } }),
		onSuccess: async () => {
			toastDone(`The device type ${name} is deleted`);
			await navigate({ to: "/device-types", replace: true });
			queries.removeQueries({ queryKey: ["device_types", "one", type.id] });
		},
		onError: toastProblem,
	});
	return (
		<Confirm
			opened={opened}
			title={`Delete the device type ${name}`}
			action="Delete device type"
			busy={remove.isPending}
			blocked={type.devices > 0}
			onConfirm={() => remove.mutate()}
			onClose={onClose}
		>
			{type.devices > 0 ? (
				<Notice tone="warn" icon="device" title={`${count(type.devices, "device has", "devices have")} this type`}>
					<div>It can be deleted once no device has it: give them another type first.</div>
					<div>
						<ButtonLink variant="default" to="/devices" search={{ device_type: type.id }}>
							See them
						</ButtonLink>
					</div>
				</Notice>
			) : (
				"No device has this type. Backups that were made with it stay as they are."
			)}
		</Confirm>
	);
}
