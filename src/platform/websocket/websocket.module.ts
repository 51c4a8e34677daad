import { Global, Module } from '@nestjs/common';
import { SocketHub } from './socket-hub.js';

/** The socket.io server of this process. */
@Global()
@Module({ providers: [SocketHub], exports: [SocketHub] })
export class WebsocketModule {}
