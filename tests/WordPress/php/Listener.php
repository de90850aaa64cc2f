<?php
/**
 * Stands where the chat server would: takes every webhook and remembers it.
 */

namespace Chatpulse\Tests;

final class Listener {

	/** @var resource */
	private $process;
	private string $file;
	private string $before;
	public readonly string $url;

	/** Starts it in a process of its own, and tells the site to send its webhooks there. */
	public function __construct() {
		$this->file    = tempnam( sys_get_temp_dir(), 'webhooks' );
		$this->process = proc_open( array( PHP_BINARY, '-n', '-r', self::PROGRAM, $this->file ), array( 1 => array( 'pipe', 'w' ) ), $pipes );
		$this->url     = 'http://127.0.0.1:' . trim( (string) fgets( $pipes[1] ) );
		$this->before  = (string) get_option( 'chatpulse_server_url', '' );
		update_option( 'chatpulse_server_url', $this->url );
	}

	public function stop(): void {
		update_option( 'chatpulse_server_url', $this->before );
		proc_terminate( $this->process, SIGKILL );
		proc_close( $this->process );
		unlink( $this->file );
	}

	/**
	 * The webhooks of these events, in the order of their arrival, once there are as many as wanted.
	 *
	 * @return array<int, array{path: string, headers: array<string, string>, text: string, body: array<string, mixed>}>
	 */
	public function wait_for( int $count, string ...$events ): array {
		$deadline = microtime( true ) + 60;
		do {
			$all   = array_map( static fn( string $line ): array => unserialize( base64_decode( $line ) ), file( $this->file, FILE_IGNORE_NEW_LINES ) );
			$found = array();
			foreach ( $all as $hook ) {
				$hook['body'] = json_decode( $hook['text'], true );
				if ( ! $events || in_array( $hook['body']['event'] ?? '', $events, true ) ) {
					$found[] = $hook;
				}
			}
			if ( count( $found ) >= $count ) {
				return $found;
			}
			usleep( 20000 );
		} while ( microtime( true ) < $deadline );
		throw new \RuntimeException( "Of $count webhooks " . count( $found ) . ' came: ' . wp_json_encode( array_column( $all, 'text' ) ) );
	}

	/** Forgets what came until now. */
	public function forget(): void {
		file_put_contents( $this->file, '' );
	}

	private const PROGRAM = <<<'PHP'
		$server = stream_socket_server( 'tcp://127.0.0.1:0' );
		echo substr( strrchr( stream_socket_get_name( $server, false ), ':' ), 1 ), "\n";
		while ( true ) {
			$client = @stream_socket_accept( $server, 600 );
			if ( ! $client ) {
				exit( 0 );
			}
			list( , $path ) = explode( ' ', (string) fgets( $client ) ) + array( '', '' );
			$headers = array();
			while ( '' !== ( $line = trim( (string) fgets( $client ) ) ) ) {
				list( $name, $value ) = explode( ':', $line, 2 );
				$headers[ strtolower( $name ) ] = trim( $value );
			}
			$length = (int) ( $headers['content-length'] ?? 0 );
			$text   = $length > 0 ? (string) stream_get_contents( $client, $length ) : '';
			file_put_contents( $argv[1], base64_encode( serialize( array( 'path' => $path, 'headers' => $headers, 'text' => $text ) ) ) . "\n", FILE_APPEND );
			fwrite( $client, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\nConnection: close\r\n\r\n{\"success\":true}" );
			fclose( $client );
		}
		PHP;
}
