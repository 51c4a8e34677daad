import {
  AbstractChat,
  type ChatInit,
  type ChatState,
  type ChatStatus,
  DefaultChatTransport,
  type UIMessage,
} from 'ai';
import { waitUntil } from './wait.js';

/** What a user interface would show, without one. */
class MemoryChatState implements ChatState<UIMessage> {
  status: ChatStatus = 'ready';
  error: Error | undefined;

  constructor(public messages: UIMessage[]) {}

  pushMessage = (message: UIMessage) => {
    this.messages = [...this.messages, message];
  };
  popMessage = () => {
    this.messages = this.messages.slice(0, -1);
  };
  replaceMessage = (index: number, message: UIMessage) => {
    this.messages = this.messages.with(index, structuredClone(message));
  };
  snapshot = <T>(thing: T): T => structuredClone(thing);
}

/** The AI SDK's own chat, as `useChat` has it, against our API. */
export class MemoryChat extends AbstractChat<UIMessage> {
  constructor(
    private readonly apiUrl: string,
    private readonly apiKey: string,
    { body, ...init }: Omit<ChatInit<UIMessage>, 'transport'> & { id: string; body?: object },
  ) {
    super({
      ...init,
      state: new MemoryChatState(init.messages ?? []),
      transport: new DefaultChatTransport({
        api: `${apiUrl}/api/chat`,
        headers: { authorization: `Bearer ${apiKey}` },
        ...(body && { body }),
      }),
    });
  }

  /** As after a reload of the page: the same chat with the messages that the server has. */
  async reload(): Promise<MemoryChat> {
    const response = await fetch(`${this.apiUrl}/api/chat/${encodeURIComponent(this.id)}/messages`, {
      headers: { authorization: `Bearer ${this.apiKey}` },
    });
    const { messages } = (await response.json()) as { messages: UIMessage[] };
    return new MemoryChat(this.apiUrl, this.apiKey, { id: this.id, messages });
  }

  /** As after a lost connection: what was shown is shown still. */
  copy(): MemoryChat {
    const messages = structuredClone(this.messages);
    return new MemoryChat(this.apiUrl, this.apiKey, { id: this.id, messages });
  }

  /** Who said what. */
  get lines(): string[] {
    return this.messages.map((message) => `${message.role}: ${textOf(message)}`);
  }

  /** Waits until the last message has this text in it. */
  async untilShown(text: string): Promise<void> {
    await waitUntil(`'${text}' is shown`, () => this.lines.at(-1)?.includes(text));
  }
}

function textOf(message: UIMessage): string {
  return message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
