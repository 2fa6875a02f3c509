import { Button, FileButton, Group, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Panel } from "../../ui/page.tsx";
import { saveText } from "../../ui/table/csv.ts";
import { toastProblem } from "../../ui/toast.tsx";
import { bytes } from "../../ui/words.ts";
import { template } from "./fields.ts";
import style from "./import.module.css";

const mostBytes = 32 * 1024 * 1024;
// A larger text would make the field, not the import, slow.
const mostShown = 200_000;

export interface Source {
	/** Name of the file; undefined for what was pasted. */
	file?: string;
	content: string;
}

/** Where the devices come from: a file that is dropped or chosen, or text that is pasted. */
export function SourcePanel({
	source,
	onSource,
}: {
	source: Source | undefined;
	onSource: (source: Source | undefined) => void;
}) {
	const api = useApi();
	const [over, setOver] = useState(false);
	const [refused, setRefused] = useState<string>();

	async function take(file: File | null | undefined) {
		setRefused(undefined);
		if (!file) return;
		if (file.size > mostBytes) {
			setRefused(`${file.name} has ${bytes(file.size)}; an import takes at most ${bytes(mostBytes)}. Split it.`);
			return;
		}
		onSource({ file: file.name, content: await file.text() });
	}

	const tooLong = (source?.content.length ?? 0) > mostShown;
	return (
		<Panel
			title="1. The devices"
			actions={
				<Group gap="xs">
					<Button
						variant="subtle"
						leftSection={<Icon name="download" size={14} />}
						onClick={() => saveText("devices-template.csv", template, "text/csv")}
					>
						Template
					</Button>
					<Button
						variant="subtle"
						leftSection={<Icon name="download" size={14} />}
						onClick={() =>
							api.devices
								.exportDevices({ query: { format: "csv" } })
								.then((text) => saveText("devices.csv", text, "text/csv"), toastProblem)
						}
					>
						What is there now
					</Button>
				</Group>
			}
		>
			<div className="nc-panel-body">
				<Text size="sm" c="dimmed" mb="sm" maw={760}>
					One device a row, with a first line that names the columns. Devices that are known by name are changed, the
					others added; before anything is written you see what would happen.
				</Text>
				{/* biome-ignore lint/a11y/noStaticElementInteractions: dropping has no key; the button within does the same */}
				<div
					className={style.drop}
					data-over={over || undefined}
					onDragOver={(event) => {
						event.preventDefault();
						setOver(true);
					}}
					onDragLeave={() => setOver(false)}
					onDrop={(event) => {
						event.preventDefault();
						setOver(false);
						void take(event.dataTransfer.files[0]);
					}}
				>
					<Icon name="upload" />
					<span>Drop a CSV or JSON file here, or</span>
					<FileButton accept=".csv,.json,.txt,text/csv,application/json" onChange={(file) => void take(file)}>
						{(props) => (
							<Button variant="default" {...props}>
								Choose a file
							</Button>
						)}
					</FileButton>
				</div>
				{refused !== undefined && (
					<Text size="sm" className="nc-bad" role="alert" mt="xs">
						{refused}
					</Text>
				)}
				{source?.file !== undefined && (
					<Group gap="xs" mt="sm">
						<Text size="sm">
							{source.file}, {bytes(source.content.length)}
						</Text>
						<Button variant="subtle" color="gray" onClick={() => onSource(undefined)}>
							Take another
						</Button>
					</Group>
				)}
				{tooLong ? (
					<Text size="sm" c="dimmed" mt="sm">
						The text is too long to be shown here; it is imported whole.
					</Text>
				) : (
					<Textarea
						mt="sm"
						label="Or paste it"
						placeholder={"name,host,device_type,username,password\ncore-1,192.0.2.7,cisco_ios,admin,…"}
						classNames={{ input: style.paste }}
						autosize
						minRows={4}
						maxRows={10}
						spellCheck={false}
						autoComplete="off"
						value={source?.content ?? ""}
						onChange={({ currentTarget }) =>
							onSource(currentTarget.value === "" ? undefined : { content: currentTarget.value })
						}
					/>
				)}
			</div>
		</Panel>
	);
}
