/** How a command begins that reads, on whatever platform. */
export const readingCommand = /^(?:show|display|get|ping|traceroute|tracert)\b|^\/[a-z0-9 /-]+ print\b/;

/** What filters an answer, in the languages of devices. */
const filters =
	"include|incl|inc|in|i|exclude|excl|exc|ex|e|begin|beg|b|section|sec|count|match|except|find|last|no-more|nomore|display|json|json-pretty|xml|compare|trim|hold|resolve|details|grep|egrep|head|tail|wc|cut";

/**
 * A command that begins so and does more: writes its answer somewhere, hands it to a program, or has another command behind it. A `|` without a blank
 * beside it is one of a pattern: `include (up|down)`.
 */
export const doesMoreThanRead = new RegExp(
	`\\|.*\\b(?:redirect|append|tee|save|copy|write)\\b|(?:(?<=\\s)\\||\\|(?=\\s))(?!\\s*(?:${filters})\\b)|[>;&\`\\p{Cc}]|\\$\\(`,
	"u",
);

/** Whether a command reads only. What is not known to is taken for one that writes. */
export function onlyReads(command: string): boolean {
	return readingCommand.test(command) && !doesMoreThanRead.test(command);
}
