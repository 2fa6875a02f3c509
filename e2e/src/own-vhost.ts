/** Where a test run hands out virtual hosts of its RabbitMQ. */
export const vhostsVariable = "NETCONDUCTOR_E2E_RABBITMQ";

/** Address of a virtual host that nobody else uses, and in which nothing is yet; undefined outside a test run. */
export async function ownVhost(): Promise<string | undefined> {
	const address = process.env[vhostsVariable];
	if (address === undefined) return undefined;
	const answer = await fetch(address);
	const text = await answer.text();
	if (!answer.ok) throw new Error(`The test run's RabbitMQ: ${text}`);
	return text;
}
